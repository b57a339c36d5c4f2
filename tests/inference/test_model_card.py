import json
import re
from dataclasses import replace

import pytest
import yaml
from huggingface_hub import ModelCard

import ksiqa
from ksiqa.data.facts import Facts
from ksiqa.inference.model_folder import card, load_model, save_model
from tests.inference.conftest import SCALE, saved
from tests.runs import rows, table_overrides, train
from tests.tiny import MODEL

PHOTOGRAPHS = Facts(name="pairs", title="LIVEC (q95)", label="MOS", low=0.0, high=100.0, higher_is_better=True)
ONE = saved()
TRAINING = {
    "experiment": "livec",
    "sharing": "joint",
    "seed": 3,
    "recipe": "0a1b",
    "split": {"source": "random", "index": 4, "validation_share": None},
    **{"train_n": 930, "validation_n": 116, "test_n": 116, "version": "0.1.0", "commit": "c0ffee", "dirty": False},
    "tested": {"test/srcc": 0.81432, "test/rmse": None},
    "covered": {"student on pairs": 0.875},
}


def _told(**changes):
    return card(replace(ONE, scales={"pairs": PHOTOGRAPHS}, training={**TRAINING, **changes}))


def test_a_card_says_what_the_config_knows():
    text = _told(licence="cc-by-4.0")
    assert ModelCard(text).data.to_dict() == {
        "library_name": "ksiqa",
        "license": "cc-by-4.0",
        "tags": ["image-quality-assessment", "no-reference", "full-reference"],
    }
    for line in (
        "# Image quality by ksiqa: LIVEC (q95)",
        "| LIVEC (q95) | MOS | 0 to 100 | higher | 930, 116, 116 |",
        "Split: source random, index 4.",
        r"Training: experiment livec; sharing joint; seed 3; recipe 0a1b.",
        r"| test\/srcc | 0.8143 |",
        r"| test\/rmse | no fit |",
        "- Of intervals that promise to hold 0.9 of the labels, those of student on pairs held 0.8750 of the test",
        r"Trained by ksiqa 0\.1\.0, commit c0ffee. Written by ksiqa",
    ):
        assert f"\n{line}" in text
    assert "**One split, one seed**" in text


def test_sizes_are_the_networks():
    one = saved()
    count = sum(parameter.numel() for parameter in one.network.parameters())
    assert f"- {count:,} parameters, " in card(one)


def test_what_is_not_known_is_said_to_be_unknown():
    text = card(replace(saved(), training={}))
    assert "license" not in ModelCard(text).data.to_dict()
    for line in (
        "Not tested, as far as its config says",
        "Weights they started from: unknown.",
        "Split: unknown.",
        "seed unknown",
        "| unknown, unknown, unknown |",
        "commit unknown, changed since: unknown",
        "Of the weights: unknown.",
    ):
        assert line in text
    assert "How often its intervals hold the label on the test part: unknown." in _told(covered={})


def test_what_it_does_follows_from_the_model():
    assert "without a reference (NR) and against" not in card(saved(fr=False))
    several = card(saved(students=3, backbone={"frozen": ["vit", "cnn"]}))
    assert f"the mean of 3 students, {MODEL['width']} channels" in several
    teacher = card(saved(kind="teacher"))
    assert "Scores photographs against a reference of the same size (FR); teacher" in teacher
    assert ModelCard(teacher).data.tags == ["image-quality-assessment", "full-reference"]


def test_pseudo_scores_are_never_called_opinions():
    text = card(replace(saved(), scales={"pairs": replace(SCALE, label="pseudo-score")}))
    assert "| pseudo-scores, made by a formula: no opinion of anybody, no MOS |" in text


def test_each_set_of_a_mix_has_its_own_counts():
    two = replace(saved(), scales={"pairs": SCALE, "other": PHOTOGRAPHS})
    sets = {name: {"train_n": count, "validation_n": 0, "test_n": 1} for name, count in (("pairs", 5), ("other", 7))}
    text = card(replace(two, training={"sets": sets}))
    assert "| Tiny pairs | DMOS | 0 to 100 | lower | 5, 0, 1 |" in text
    assert "| LIVEC (q95) | MOS | 0 to 100 | higher | 7, 0, 1 |" in text


def test_pairs_have_their_counts_beside_the_sets():
    two = replace(saved(), scales={"pairs": SCALE, "folder": replace(PHOTOGRAPHS, label="pseudo-score")})
    counts = {"folder": {"train_n": 64, "validation_n": 8, "test_n": 4}}
    text = card(replace(two, training={"train_n": 5, "validation_n": 1, "test_n": 2, "pairs": counts}))
    assert "| Tiny pairs | DMOS | 0 to 100 | lower | 5, 1, 2 |" in text
    assert "| higher | 64, 8, 4 |" in text


@pytest.mark.parametrize(
    ("training", "told"),
    [
        (
            {"weights": {"vit": "hub", "cnn": "hub"}},
            r"test\_vit pretrained, from timm's model hub; test\_efficientnet pretrained, from timm's model hub.",
        ),
        (
            {"weights": {"vit": "vit.pth", "cnn": "package:resnet-weights"}},
            r"test\_vit from the file vit\.pth; test\_efficientnet of the package resnet-weights.",
        ),
        ({"weights": {"cnn": "random"}}, r"test\_efficientnet not pretrained: random."),
        ({"init": "0a1b"}, "a model's, of SHA-256 0a1b."),
        ({"weights": ["x"]}, "unknown."),
    ],
)
def test_where_the_weights_started(training, told):
    assert f"Weights they started from: {told}\n" in card(replace(saved(), training=training))


HARMFUL = [
    "x\n---\nlicense: mit\n---\n# owned",
    "a | b | c",
    "[click](https://evil.example) ![x](https://evil.example/x.png)",
    "<script>alert(1)</script> &lt; <!-- ",
    "`code` **bold** __x__ ~~y~~ \\",
    "https://evil.example www.evil.example @somebody",
    "\x1b[2J\u202e\u2028# heading",
    "{{ 7 * 7 }} {% raw %}",
    "x" * 10_000,
]


@pytest.mark.parametrize("text", HARMFUL, ids=range(len(HARMFUL)))
def test_a_strangers_names_stay_text(text, tmp_path):
    """In every place of a config where any text may stand, after a way through the file."""
    facts = replace(SCALE, title=text, label=text)
    training = {**TRAINING, **dict.fromkeys((*TRAINING, text), text), "licence": text}
    training |= {"split": {text: text}, "tested": {text: text}, "covered": {text: text}}
    save_model(replace(saved(), scales={"pairs": facts}, training=training), tmp_path)
    save_model(load_model(tmp_path), tmp_path)
    written = (tmp_path / "README.md").read_text()
    plain = _told(licence="in words")
    assert [line for line in written.splitlines() if line.startswith("#")][1:] == [
        line for line in plain.splitlines() if line.startswith("#")
    ][1:]
    assert written.count("\n---\n") == 1
    head, _, body = written.removeprefix("---\n").partition("\n---\n")
    assert yaml.safe_load(head) == {
        "library_name": "ksiqa",
        "license": "other",
        "tags": ["image-quality-assessment", "no-reference", "full-reference"],
    }
    assert all(one.isprintable() or one == "\n" for one in written)
    assert len(written) < 20_000
    bare = re.sub(r"\\[^\w\s]", "", body).replace("**One split, one seed**", "")  # without what is escaped
    for line in bare.splitlines():
        assert not re.search(r"[<>`\[\]{}~@]|https?:|www\.[a-z]|\*\*", line), line
        assert line.count("|") in (0, 3, 6), line


@pytest.mark.parametrize("value", [None, [], {}, 1, 10**4000, True, "x", [[["deep"]]], {"a": {"b": 1}}], ids=range(9))
def test_any_kind_of_value_is_told(value):
    for key in (*TRAINING, "sets", "licence"):
        assert _told(**{key: value}).startswith("---\nlibrary_name: ksiqa\n")


def test_a_run_writes_a_card_with_its_test_figures(pairs, tmp_path):
    results = train(tmp_path / "run", *table_overrides(pairs), "sharing=joint")
    text = (tmp_path / "run" / "model" / "README.md").read_text()
    training = json.loads((tmp_path / "run" / "model" / "config.json").read_text())["training"]
    for name, value in training["tested"].items():
        assert results[name] == value
        shown = "no fit" if value is None else f"{value:.4f}"
        assert f"| {name} | {shown} |" in text.replace("\\", "")
    assert {"test/srcc", "test/teacher_srcc"} <= set(training["tested"])
    assert training["weights"] == {"vit": "random", "cnn": "random"}
    assert f"| {results['train_n']}, {results['validation_n']}, {results['test_n']} |" in text
    found = rows(tmp_path / "run" / "predictions.csv")
    labels = [(float(row["label"]) - 1) / 4 for row in found]
    scorer = ksiqa.load(tmp_path / "run" / "model")
    kept = scorer.trained.residuals["student"]["table"]
    assert len(kept) == 10  # nine in ten of eleven is the largest
    scored = scorer.score([pairs.parent / row["image"] for row in found])
    inside = [abs(one.score - label) <= kept[-1] * one.doubt for one, label in zip(scored, labels, strict=True)]
    assert training["covered"]["student on table"] == pytest.approx(sum(inside) / len(inside))
