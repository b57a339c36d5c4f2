"""What a launch leaves open is decided, and what it says of others is gone."""

import pytest
from omegaconf import OmegaConf

from ksiqa import build
from ksiqa.errors import ConfigError
from ksiqa.training.resume import differences
from ksiqa.training.settle import settled
from tests.runs import SMALL, composed

ABLATIONS = {
    "ablation": ("+experiment=kadid10k",),
    "ablation_transfer": ("+experiment=livec", "sharing=transfer", "+data@pairs=folder", "pairs.root=photographs"),
}
BASES = {
    sweep: composed("train", *SMALL, *base, f"+sweep={sweep}", "backbone.vit.weights=random", "model.levels=32")
    for sweep, base in ABLATIONS.items()
}
VARIANTS = [
    (sweep, name) for sweep, base in BASES.items() for name, change in base.variants.items() if change is not None
]
LADDER = ["plain", "plain_matched", "none_identity", "none_residual", "decoder_alone", "full"]


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The config files of both sweeps without a change."""
    files = {sweep: tmp_path_factory.mktemp(sweep) / "config.yaml" for sweep in BASES}
    for sweep, file in files.items():
        file.write_text(OmegaConf.to_yaml(settled(BASES[sweep])))
    return files


@pytest.mark.parametrize(("sweep", "name"), VARIANTS)
def test_a_variant_is_one_change_whatever_the_command_line_says(sweep, name, full):
    one = BASES[sweep].copy()
    one.variant = name
    one = settled(one)
    changed = {text.split(".")[0].split(" is ")[0] for text in differences(one, full[sweep])}
    alone = one.sharing.kind == "none"
    assert changed == {
        *({"variant"} if name != "full" else ()),
        *BASES[sweep].variants[name],
        *({"pairs"} if alone and sweep == "ablation_transfer" else ()),
    } - ({"model"} if name == "none_residual" else set())  # as it is
    assert ("pairs" in one) == (sweep == "ablation_transfer" and not alone)
    assert "variants" not in one
    build.regime(one)
    if "backbone" not in name:
        build.model(one, sources=["one"])


def test_the_ladder_comes_first():
    names = [name for sweep, name in VARIANTS if sweep == "ablation"]
    assert names[: len(LADDER)] == LADDER
    assert {"distil", "fusion_concat", "imagery_identity", "ordinal_dorn", "levels_16", "cnn_alone"} <= set(names)


def test_settling_again_changes_nothing():
    base = composed("train", "+sweep=cross_database", "roots.livec=a", "roots.koniq10k=b", "data=koniq10k")
    once = settled(base)
    assert settled(once) == once
    assert list(once.others) == ["livec"]
    assert once.others.livec.source.root == "a"
    assert "roots" not in once


def test_the_sets_of_a_mix_are_no_others():
    shares = ("data=mix", "data.sets.livec.share=0.5", "data.sets.koniq10k.share=0.5")
    roots = [f"roots.{name}={name}" for name in ("livec", "koniq10k", "spaq")]
    one = settled(composed("train", "+sweep=cross_database", *shares, *roots))
    assert list(one.others) == ["spaq"]
    assert one.data.sets.livec.source.root == "livec"


def test_an_unknown_variant():
    with pytest.raises(ConfigError, match=r"found: variant=ful\n(.|\n)*do: set variant=full"):
        settled(composed("train", "+sweep=ablation", "variant=ful"))


@pytest.mark.parametrize(
    ("overrides", "share"),
    [
        ((), 0.0),
        (("task.select=best",), 0.1),
        (("sharing=sequential",), 0.1),
        (("sharing=transfer", "+data@pairs=folder"), 0.0),  # pairs have a validation part of their own
        (("sharing=sequential", "split.validation_share=0"), 0),
        (("split.validation_share=0.25",), 0.25),
    ],
)
def test_a_validation_part_is_held_out_where_something_needs_it(overrides, share):
    config = composed("train", *overrides)
    assert settled(config).split.validation_share == share
    assert config.split.validation_share != 0.1  # the one given is left alone


def test_a_sets_folder_is_told_once(monkeypatch):
    monkeypatch.setenv("KSIQA_LIVEC", "/data/livec")
    assert composed("train", "+experiment=livec").data.source.root == "/data/livec"
    assert composed("prepare", "data=livec").data.source.root == "/data/livec"
    assert composed("evaluate", "data=livec", "roots.livec=x", "checkpoint=m").data.source.root == "x"
    assert composed("train", "+experiment=livec", "data.root=y").data.source.root == "y"


def test_a_config_of_before_there_was_a_test_on_features_is_settled():
    older = composed("train", *SMALL, "data=demo")
    OmegaConf.set_struct(older, False)
    del older.report.from_features
    OmegaConf.set_struct(older, True)
    assert settled(older).report.from_features is False
