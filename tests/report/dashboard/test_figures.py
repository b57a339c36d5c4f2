from typing import Any

import pytest

from ksiqa.report.dashboard.figures import AXES, rounded, swept
from ksiqa.report.table.groups import Group
from ksiqa.report.table.kinds import Kind
from ksiqa.report.table.run import Run
from ksiqa.report.table.summary import Row


def rows(**settings: list[Any]) -> list[Row]:
    """Return rows of recipes that have the values of a setting in turn."""
    count = len(next(iter(settings.values())))
    of_each = [{key.replace("_", "."): values[at] for key, values in settings.items()} for at in range(count)]
    runs = [Run(origin="", folder=None, predictions=None, results={}, settings=one, recipe="") for one in of_each]
    return [Row("", Group(name="", kind=Kind("", "", ()), runs=[run]), "model") for run in runs]


@pytest.mark.parametrize(
    ("values", "scale", "shown"),
    [
        ([1e-4, 1e-3, 1e-2], "log", [1e-4, 1e-3, 1e-2]),
        ([1, 2, 4], "linear", [1, 2, 4]),
        ([0, 0.5, 100], "linear", [0, 0.5, 100]),
        ([True, False, None], "names", ["true", "false", "none"]),
        (["1", 2, [3, 4]], "names", ["1", "2", "[3, 4]"]),
    ],
)
def test_an_axis_is_of_numbers_or_of_names(values: list[Any], scale: str, shown: list[Any]) -> None:
    (axis,) = swept(rows(lr=values))["axes"]
    assert axis == {"name": "lr", "alike": [], "scale": scale, "values": shown}


def test_settings_that_part_alike_share_an_axis_and_equal_ones_and_places_have_none() -> None:
    found = swept(
        rows(
            model_width=[1, 2, 2], model_depth=["a", "b", "b"], lr=[1, 1, 2], same=[0, 0, 0], data_root=["a", "b", "c"]
        )
    )
    assert [(axis["name"], axis["alike"]) for axis in found["axes"]] == [("lr", []), ("model.depth", ["model.width"])]


def test_axes_are_bounded_and_the_others_named() -> None:
    many = {f"key{number}": [int(place == number) for place in range(12)] for number in range(11)}
    found = swept(rows(**many))
    assert len(found["axes"]) == AXES
    assert len(found["more"]) == 11 - AXES


def test_what_is_no_number_is_none() -> None:
    assert [rounded(value) for value in (0.123456, 123456.0, float("nan"), float("inf"))] == [
        0.1235,
        123500.0,
        None,
        None,
    ]


def test_a_path_is_shown_by_its_files_name() -> None:
    paths = [
        "/data/weights/vit",
        "weights/far/vit.pth",
        "./cnn.safetensors",
        "~/more/cnn.pth",
        "timm/vit_small_patch14_dinov2.lvd142m",
        "hub",
    ]
    (axis,) = swept(rows(backbone_vit_weights=paths))["axes"]
    assert axis["values"] == [
        "vit",
        "vit.pth",
        "cnn.safetensors",
        "cnn.pth",
        "timm/vit_small_patch14_dinov2.lvd142m",
        "hub",
    ]


def test_a_recipe_that_is_not_at_hand_has_no_values() -> None:
    known = rows(lr=[1, 2], name=["train", "tuned"])
    unknown = rows(lr=[None])
    unknown[0].group.runs[0].settings.clear()
    unknown[0].group.runs[0].results["experiment"] = "evaluate"
    found = swept([known[0], *unknown, known[1]])
    assert [(axis["name"], axis["values"]) for axis in found["axes"]] == [("name", ["train", None, "tuned"])]
    assert (found["axes"][0]["alike"], found["unknown"]) == (["lr"], [1])
