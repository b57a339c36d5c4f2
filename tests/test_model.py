"""Composing a model from plain values: what has no meaning is refused."""

import pytest

from ksiqa.errors import ConfigError
from ksiqa.model.plain import Plain
from ksiqa.model.student import Student
from ksiqa.model.teacher import Teacher
from tests.tiny import BACKBONE, tiny_model


@pytest.mark.parametrize(
    ("kind", "expected"), [("student", Student), ("teacher", Teacher), ("plain", Plain), ("plain_matched", Plain)]
)
def test_kinds(kind, expected):
    assert type(tiny_model(kind=kind)) is expected


def test_no_ordinal_head():
    assert tiny_model(ordinal="none").regressor.ordinal is None


@pytest.mark.parametrize("branch", ["vit", "cnn"])
def test_a_branch_may_be_left_out(branch):
    assert getattr(tiny_model(backbone={branch: None}).feature_extraction, branch) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "studnet"}, "found: model.kind=studnet\n(.|\n)*do: set model.kind=student"),
        ({"fusion": "ad"}, "found: model.fusion=ad\nexpected: one of add, concat, deform\ndo: set model.fusion=add"),
        ({"imagery": "none"}, "found: model.imagery=none\nexpected: one of conv, identity, query, residual"),
        ({"decoder": "self"}, "found: model.decoder=self\nexpected: one of aligned, cross, residual"),
        ({"ordinal": "coral"}, "found: model.ordinal=coral\nexpected: one of corn, dorn, none"),
        ({"levels": 1}, "found: model.levels=1\nexpected: two levels or more"),
        ({"depth": 2}, "found: model.depth\nexpected: one of model.kind, (.|\n)*do: correct the name"),
        ({"heads": 5}, "found: model.width=32 with model.heads=5\nexpected: a width that the heads divide\ndo: set"),
        ({"width": 0}, "found: model.width=0\nexpected: 1 or more\ndo: set model.width"),
        ({"decoder_depth": 0}, "found: model.decoder_depth=0\nexpected: 1 to 64\ndo: set model.decoder_depth"),
        (
            {"regressed_share": 1},
            "found: model.regressed_share=1\nexpected: a share between 0 and 1",
        ),
        ({"backbone": {"cnnn": None}}, "found: backbone.cnnn\nexpected: one of backbone.vit, backbone.cnn"),
        ({"backbone": {"frozen": ["vti"]}}, "found: backbone.frozen=vti\nexpected: one of cnn, vit\ndo: set"),
        (
            {"backbone": {"vit": {**BACKBONE["vit"], "stages": [1]}}},
            "found: backbone.vit.stages\nexpected: one of backbone.vit.name, backbone.vit.weights, backbone.vit.blocks",
        ),
        ({"backbone": {"cnn": {"name": "test_efficientnet"}}}, "found: no backbone.cnn.weights\nexpected: "),
    ],
)
def test_errors(changes, message):
    with pytest.raises(ConfigError, match=message):
        tiny_model(**changes)


def test_a_branch_that_is_left_out_cannot_be_frozen():
    with pytest.raises(ConfigError, match=r"found: backbone.frozen=vit\nexpected: one of cnn"):
        tiny_model(backbone={"vit": None, "frozen": ["vit"]})
