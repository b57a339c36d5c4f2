"""Trainings on several sets at once, on tiny releases of KonIQ-10k, LIVEC and KADID-10k."""

import csv
import json
from pathlib import Path

import pytest
import torch
import yaml

from ksiqa import mix
from ksiqa.errors import ConfigError, DatasetError, SplitError
from ksiqa.inference.model_folder import load_model
from ksiqa.predict import predict
from tests.fake_iqa import WRITERS
from tests.runs import (
    SMALL,
    composed,
    evaluated,
    killed_and_resumed,
    rows,
    same_weights,
    table_overrides,
    train,
)
from tests.tiny import write_table

FIGURES = ("srcc", "plcc", "plcc_fitted", "krcc", "rmse")
EVALUATED = ("data.workers=0", "split.validation_share=0.2")


@pytest.fixture(scope="session")
def releases(tmp_path_factory):
    """Tiny releases, by name."""
    folder = tmp_path_factory.mktemp("releases")
    for name in ("koniq10k", "livec", "kadid10k"):
        (folder / name).mkdir()
        WRITERS[name](folder / name)
    return folder


def _mixed(releases, **shares):
    told = [
        [
            f"data.sets.{name}.root={releases / name}",
            f"data.sets.{name}.allow_missing=true",
            f"data.sets.{name}.share={share}",
        ]
        for name, share in shares.items()
    ]
    return ["data=mix", *sum(told, [])]  # noqa: RUF017  (a handful)


def _alone(releases, name):
    return [f"data={name}", f"data.root={releases / name}", "data.allow_missing=true"]


@pytest.fixture(scope="module")
def mixed(releases, tmp_path_factory):
    """A training on LIVEC and KonIQ-10k, the best epoch chosen; KonIQ-10k's images alone are made smaller."""
    folder = tmp_path_factory.mktemp("outputs") / "mixed" / "now"
    overrides = _mixed(releases, livec=0.3, koniq10k=0.7)
    small = ["data.sets.koniq10k.short_side=48", "task.select=best", "trainer.max_epochs=2"]
    return folder, train(folder, *overrides, *small)


def test_results_hold_each_sets_figures_and_no_figure_of_both(mixed):
    folder, results = mixed
    assert results == json.loads((folder / "results.json").read_text())
    tested = {name for name in results if name.startswith("test/")}
    of_sets = {f"test/{data}/{name}" for data in ("koniq10k", "livec") for name in FIGURES}
    assert tested == of_sets | {"test/livec/outlier_ratio", "test/mean_srcc", "test/mean_plcc"}
    mean = (results["test/koniq10k/srcc"] + results["test/livec/srcc"]) / 2
    assert results["test/mean_srcc"] == pytest.approx(mean)
    assert results["data"] == "koniq10k+livec"  # the largest share first
    assert results["shares"] == {"koniq10k": 0.7, "livec": 0.3}
    assert results["test_n"] == sum(one["test_n"] for one in results["sets"].values()) == 10
    assert results["sets"]["livec"]["unlisted"] == 1162 - 24


def test_metrics_hold_the_terms_and_figures_of_each_set(mixed):
    table = rows(mixed[0] / "metrics.csv")
    assert len(table) == 2
    for row in table:
        for data in ("koniq10k", "livec"):
            assert {f"train/{data}/student/{term}" for term in ("mse", "plcc", "ordinal")} <= set(row)
            assert -1 <= float(row[f"validation/{data}/srcc"]) <= 1
        mean = (float(row["validation/koniq10k/srcc"]) + float(row["validation/livec/srcc"])) / 2
        assert float(row["validation/mean_srcc"]) == pytest.approx(mean)
        assert "validation/srcc" not in row


def test_the_best_epoch_is_the_one_with_the_best_mean_over_the_sets(mixed):
    folder, _ = mixed
    best = max(float(row["validation/mean_srcc"]) for row in rows(folder / "metrics.csv"))
    checkpoint = torch.load(folder / "checkpoints" / "student" / "best.ckpt", weights_only=True)
    saving = [one for name, one in checkpoint["callbacks"].items() if "OwnFiles" in name]
    (state,) = (one for one in saving if one["monitor"] == "validation/mean_srcc")
    assert state["best_model_score"].item() == pytest.approx(best)


def test_each_set_has_its_split_its_plot_and_its_rows(mixed):
    folder, results = mixed
    assert sorted(file.name for file in folder.glob("scatter*")) == ["scatter_koniq10k.png", "scatter_livec.png"]
    predictions = rows(folder / "predictions.csv")
    assert list(predictions[0]) == ["data", "image", "reference", "content", "label", "score", "score_raw"]
    for name, one in results["sets"].items():
        tested = (folder / "split" / name / "test.txt").read_text().split()
        assert len(tested) == one["test_n"]
        assert [row["image"].rpartition("/")[2] for row in predictions if row["data"] == name] == tested


def test_evaluate_gives_exactly_the_numbers_of_training(mixed, releases, tmp_path):
    folder, results = mixed
    again = evaluated(tmp_path, folder / "model", *_mixed(releases, livec=1, koniq10k=1), *EVALUATED)
    figures = {name: value for name, value in results.items() if name.startswith("test/")}
    assert {name: again[name] for name in figures} == figures
    by_set = [sorted(tuple(row.values()) for row in rows(one / "predictions.csv")) for one in (folder, tmp_path)]
    assert by_set[0] == by_set[1]


@pytest.mark.parametrize("name", ["koniq10k", "livec"])
def test_evaluate_gives_the_same_numbers_for_a_set_alone(name, mixed, releases, tmp_path):
    """On that set's scale and at its size."""
    folder, results = mixed
    again = evaluated(tmp_path, folder / "model", *_alone(releases, name), *EVALUATED)
    assert {f"test/{one}": again[f"test/{one}"] for one in FIGURES} == {
        f"test/{one}": results[f"test/{name}/{one}"] for one in FIGURES
    }
    alone, together = ((one / "predictions.csv").read_text() for one in (tmp_path, folder))
    assert all(line.removeprefix(f"{name},") in alone for line in together.splitlines() if line.startswith(name))


def test_the_split_of_a_run_can_be_used_again(mixed, releases, tmp_path):
    folder, results = mixed
    files = ["split.source=files", f"split.folder={folder / 'split'}", "data.workers=0"]
    again = evaluated(tmp_path, folder / "model", *_mixed(releases, livec=1, koniq10k=1), *files)
    assert again["test/mean_srcc"] == results["test/mean_srcc"]


def test_a_model_remembers_each_sets_scale_and_size(mixed):
    trained = load_model(mixed[0] / "model")
    assert list(trained.scales) == ["koniq10k", "livec"]
    assert trained.source == "koniq10k"
    assert (trained.short_side_of("koniq10k"), trained.short_side_of("livec")) == (48, None)


def test_predict_says_on_whose_scale_a_score_is(mixed, releases):
    folder, _ = mixed
    with (folder / "predictions.csv").open(newline="") as file:
        expected = {row["data"]: row for row in csv.DictReader(file)}
    for scale, name in ((None, "koniq10k"), ("koniq10k", "koniq10k"), ("livec", "livec")):
        (row,) = predict([expected[name]["image"]], model=folder / "model", reference=None, scale=scale)
        assert row["scale"] == name
        assert row["score"] == pytest.approx(float(expected[name]["score"]), abs=1e-5)
        assert row["score_raw"] == pytest.approx(float(expected[name]["score_raw"]), abs=1e-3)
    with pytest.raises(ConfigError, match="found: scale=live\nexpected: one of koniq10k, livec\ndo: set scale=livec"):
        predict([expected["livec"]["image"]], model=folder / "model", reference=None, scale="live")


@pytest.mark.long  # three trainings
def test_a_mix_that_was_killed_ends_with_the_same_numbers(releases, tmp_path):
    """With shares of 8 images that need rounding."""
    shares = _mixed(releases, livec=0.3, koniq10k=0.7)
    killed_and_resumed(tmp_path, *shares, "trainer.max_epochs=8", epochs=8)


def test_sets_with_and_without_references_share_a_teacher(releases, tmp_path):
    """The teacher learns from KADID-10k and is tested there; LIVEC serves the student."""
    results = train(tmp_path / "run", *_mixed(releases, livec=0.75, kadid10k=0.25), "sharing=joint")
    assert results["fr"] is True
    assert "test/kadid10k/teacher_srcc" in results
    assert "test/livec/teacher_srcc" not in results
    trained = load_model(tmp_path / "run" / "model")
    assert (trained.source, trained.fr_source) == ("livec", "kadid10k")
    predictions = rows(tmp_path / "run" / "predictions.csv")
    assert all(bool(row["fr_score"]) is (row["data"] == "kadid10k") for row in predictions)
    reference = Path(predictions[-1]["reference"])
    (row,) = predict([predictions[-1]["image"]], model=tmp_path / "run" / "model", reference=reference)
    assert row["scale"] == "kadid10k"


def test_missing_references_serve_the_student_alone(tmp_path):
    """Two of ten references are not there: training, evaluation and every count say so."""
    file = write_table(tmp_path / "pairs", contents=10)
    for content in (1, 4):
        (tmp_path / "pairs" / f"{content}.png").unlink()
    data = [*table_overrides(file), "data.allow_missing=true"]
    results = train(tmp_path / "run", *data, "sharing=joint", "loss.weights.pristine=0.1", "split.test_share=0.4")
    assert results["missing_references"] == 10  # rows
    assert (results["train_n"], results["test_n"]) == (20, 20)
    assert results["train_pairs_n"] + results["test_pairs_n"] in (30, 35, 40)  # the rest validates
    predictions = rows(tmp_path / "run" / "predictions.csv")
    assert len(predictions) == 20
    assert sum(bool(row["fr_score"]) for row in predictions) == results["test_pairs_n"] < 20
    assert all(bool(row["fr_score"]) is bool(row["reference"]) for row in predictions)
    (row,) = rows(tmp_path / "run" / "metrics.csv")
    assert float(row["train/table/teacher/pristine"]) >= 0
    again = evaluated(tmp_path / "again", tmp_path / "run" / "model", *data, *EVALUATED, "split.test_share=0.4")
    assert again["missing_references"] == 10
    figures = {name: value for name, value in results.items() if name.startswith("test/")}
    assert "test/teacher_srcc" in figures
    assert {name: again[name] for name in figures} == figures


def test_frozen_features_of_pairs_of_which_some_lack_the_reference(tmp_path):
    file = write_table(tmp_path / "pairs", contents=10)
    (tmp_path / "pairs" / "1.png").unlink()
    data = [*table_overrides(file), "data.allow_missing=true", "backbone.frozen=[cnn]", "data.distinct_crops=2"]
    results = train(tmp_path / "run", *data, "sharing=joint", "report.ridge=true")
    assert {"test/teacher_srcc", "ridge/srcc"} <= set(results)


@pytest.mark.parametrize(
    ("overrides", "kind", "message"),
    [
        ([], ConfigError, r"found: data=mix in which no set has a share\nexpected: a share above 0 for one of csiq, "),
        (
            ["data.sets.koniq10k.share=1"],
            DatasetError,
            r"found: data=koniq10k without data.sets.koniq10k.root\n(.|\n)*do: set data.sets.koniq10k.root=FOLDER",
        ),
        (
            ["data.sets.koniq10k.share=-1"],
            ConfigError,
            r"found: data.sets.koniq10k.share=-1\nexpected: a number, 0 or more\ndo: set data.sets.koniq10k.share=1",
        ),
        (
            ["data.sets.livec.share=1", "data.sets.livec.crop=64"],
            ConfigError,
            r"found: data.sets.livec.crop=64 with data.crop=32\nexpected: one crop for all sets.*\ndo: set data.crop",
        ),
        (
            ["+data.sets.koniq.share=1"],
            ConfigError,
            r"found: data.sets.koniq, which no config in conf/data describes\nexpected: one of csiq, .*\ndo: correct",
        ),
        (
            ["data.short_side=384"],
            ConfigError,
            r"found: data.short_side with data=mix\nexpected: a value of one set; .*\ndo: set data.sets.NAME.short",
        ),
        (
            ["+data.families=[jpeg]"],
            ConfigError,
            r"found: data.families with data=mix\n(.|\n)*do: set data.sets.NAME.families",
        ),
        (["+data@pairs=mix", "sharing=transfer"], ConfigError, r"found: data=mix in which no set has a share"),
    ],
)
def test_mixes_without_meaning(overrides, kind, message, tmp_path):
    with pytest.raises(kind, match=message):
        train(tmp_path / "run", "data=mix", *overrides)


def test_pairs_that_are_a_mix(releases, tmp_path):
    with pytest.raises(ConfigError, match=r"found: data=mix where one set is wanted\nexpected: one of csiq, "):
        train(tmp_path / "run", *_alone(releases, "livec"), "sharing=transfer", "+data@pairs=mix")


def test_a_split_that_not_every_set_has(releases, tmp_path):
    with pytest.raises(SplitError, match=r"found: split.source=official with LIVE In the Wild"):
        train(tmp_path / "run", *_mixed(releases, livec=1, koniq10k=1), "split.source=official")


def test_one_set_of_a_mix_is_that_set(releases, tmp_path):
    results = train(tmp_path / "run", *_mixed(releases, livec=1))
    assert results["data"] == "livec"
    assert {f"test/{name}" for name in FIGURES} <= set(results)
    alone = train(tmp_path / "alone", *_alone(releases, "livec"))
    same_weights(tmp_path / "run", tmp_path / "alone")
    assert results["test/srcc"] == alone["test/srcc"]


def test_tables_of_ones_own_have_the_names_they_are_given(tmp_path):
    """As conf/data/mix.yaml says that an experiment adds them."""
    told = {"low": 1, "high": 5, "higher_is_better": True, "share": 1}
    sets = {}
    for number, name in enumerate(("mine", "yours")):
        file = write_table(tmp_path / name, contents=5, first=5 * number, references=False)
        sets[name] = {"file": str(file), **told}
    defaults = [f"/data/{part}@data.sets.{name}" for name in sets for part in ("table", "member")]
    defaults += [{"override /data": "mix"}]
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    written = yaml.safe_dump({"defaults": defaults, "name": "two", "data": {"sets": sets}}, sort_keys=False)
    (tmp_path / "conf" / "experiment" / "two.yaml").write_text(f"# @package _global_\n{written}")
    config = composed("train", f"hydra.searchpath=[file://{tmp_path / 'conf'}]", "+experiment=two", *SMALL)
    assert [source.table.facts.name for source in mix.image_sources(config.data)] == ["mine", "yours"]
    assert config.data.sets.yours.crop == 32
