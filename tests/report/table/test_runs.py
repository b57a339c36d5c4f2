"""What is read as a run, and what is not."""

import json
import shutil

import pytest

from ksiqa.errors import ConfigError
from ksiqa.report.table.formats import render
from ksiqa.report.table.groups import grouped
from ksiqa.report.table.kept import kept
from ksiqa.report.table.papers import cross
from ksiqa.report.table.runs import read_runs
from ksiqa.report.table.summary import USUAL, summary
from tests.report.table.conftest import groups_of, write_run


def test_runs_at_any_depth_each_once(write, tmp_path):
    write_run(tmp_path / "a" / "b" / "c", split=1)
    write("d", split=0)
    found = read_runs([tmp_path, tmp_path / "a", tmp_path / "d"])
    assert sorted(run.split for run in found.runs) == [(0,), (1,)]
    assert found.notes == []


def test_a_run_that_was_cut_off_is_counted_and_left_out(write, tmp_path):
    write("whole")
    (write("cut", split=1) / "results.json").unlink()
    broken = write("broken", split=2) / "results.json"
    broken.write_text(broken.read_text()[:50])
    found = read_runs([tmp_path])
    assert [run.folder.name for run in found.runs] == ["whole"]
    assert found.notes == [f"2 unfinished runs are left out, first {tmp_path / 'broken'}"]


def test_a_start_that_failed_before_training_is_no_run(write, tmp_path):
    write("whole")
    failed = write("failed", split=1)
    (failed / "results.json").unlink()
    (failed / "checkpoints").rmdir()
    assert read_runs([tmp_path]).notes == []


def test_a_run_without_a_test_part_is_not_unfinished(write, tmp_path):
    write("whole")
    file = write("untested", split=1) / "results.json"
    results = json.loads(file.read_text())
    file.write_text(json.dumps({key: value for key, value in results.items() if not key.startswith("test/")}))
    found = read_runs([tmp_path])
    assert (len(found.runs), found.notes) == (1, [])


def test_nothing_to_read(tmp_path):
    with pytest.raises(ConfigError, match=r"no finished run in .*\(0 unfinished\)\nexpected: folders of runs"):
        read_runs([tmp_path])
    with pytest.raises(ConfigError, match=r"nowhere, which is neither a folder nor a results\.csv"):
        read_runs([tmp_path / "nowhere"])
    (tmp_path / "results.csv").write_text("test/srcc,data\n0.5,livec\n")
    with pytest.raises(ConfigError, match=r"results.csv without label, split.source, .*\nexpected: a row a run"):
        read_runs([tmp_path / "results.csv"])


def test_kept_results_make_the_same_tables_as_the_folders(ten, tmp_path_factory):
    groups = groups_of(ten)
    file = tmp_path_factory.mktemp("kept") / "results.csv"
    file.write_text(render([kept(groups)], form="csv"))
    lines = file.read_text().splitlines()
    assert len(lines) == 41
    assert {"config.variant", "config.noise"} <= set(lines[0].split(","))
    assert "config.name" not in lines[0]  # the same in all
    again = grouped(read_runs([file]).runs)
    tables = [render(summary(these, scores=["model"], figures=USUAL), form="csv") for these in (groups, again)]
    assert tables[0] == tables[1]
    assert render([kept(again)], form="csv").splitlines()[1:] != []
    assert [group.runs[0].recipe for group in again] == [group.runs[0].recipe for group in groups]


def test_a_folder_without_runs_stands_for_its_kept_results(write, tmp_path, tmp_path_factory):
    runs = [write(split=split) for split in range(2)]
    folder = tmp_path_factory.mktemp("kept")
    (folder / "results.csv").write_text(render([kept(groups_of(*runs))], form="csv"))
    found = read_runs([folder])
    assert [run.origin for run in found.runs] == [f"{folder / 'results.csv'}, row {row}" for row in (2, 3)]
    (tmp_path / "results.csv").write_text("beside runs it is not looked at")
    assert [run.folder for run in read_runs([tmp_path]).runs] == runs


def test_a_failed_fit_stays_one_in_kept_results(write, tmp_path, tmp_path_factory):
    write(split=0)
    write(split=1, **{"test/plcc_fitted": None, "test/rmse": None})
    file = tmp_path_factory.mktemp("kept") / "results.csv"
    file.write_text(render([kept(groups_of(tmp_path))], form="csv"))
    (group,) = grouped(read_runs([file]).runs)
    assert group.over_splits("test/plcc_fitted").failed == 1
    assert group.over_splits("test/srcc").failed == 0


def test_an_evaluation_belongs_to_the_recipe_of_its_training(write, tmp_path):
    trained = write("trained", config={"variant": "v"})
    (trained / "model").mkdir()
    folder = write("evaluated", data="livec")
    (folder / "config.yaml").unlink()
    results = json.loads((folder / "results.json").read_text())
    for key in ("seed", "train_n"):
        del results[key]
    of_training = {"data": "koniq10k", "seed": 3, "train_n": 40, "split": {"index": 2}, "missing": 5}
    results |= {"checkpoint": str(trained / "model"), "trained": of_training}
    (folder / "results.json").write_text(json.dumps(results))
    one, other = sorted(read_runs([tmp_path]).runs, key=lambda run: run.results["data"])
    assert one.recipe == other.recipe
    assert (other.seed, other.split, other.results["train_n"]) == (3, (2, 0), 40)
    assert other.settings["variant"] == "v"
    assert other.marks == {"partial data"}  # of the training


def test_an_evaluation_that_does_not_say_how_its_model_was_trained(write, tmp_path):
    file = write("evaluated") / "results.json"
    results = json.loads(file.read_text())
    del results["seed"]
    file.write_text(json.dumps(results))
    with pytest.raises(ConfigError, match=r"results.json without a seed, of an older version(.|\n)*do: evaluate"):
        read_runs([tmp_path])


def test_tests_on_all_of_other_sets_are_rows_of_their_own(write, tmp_path):
    figures = {f"cross/livec/{key}": value for key, value in (("srcc", 0.6), ("plcc_fitted", 0.5), ("n", 1162))}
    folder = write(split=0, **figures)
    (folder / "others").mkdir()
    shutil.copy(folder / "predictions.csv", folder / "others" / "livec.csv")
    own, other = sorted(read_runs([tmp_path]).runs, key=lambda run: run.results["data"])
    assert not any(key.startswith("cross/") for run in (own, other) for key in run.results)
    assert (other.results["data"], other.results["trained.data"], other.results["test_n"]) == (
        "livec",
        "koniq10k",
        1162,
    )
    assert (other.results["test/srcc"], other.results["test/plcc_fitted"]) == (0.6, 0.5)
    assert "test/krcc" not in other.results
    assert other.predictions == folder / "others" / "livec.csv"


def test_a_test_on_photographs_that_were_trained_on_is_marked(write, tmp_path):
    of_set = {"srcc": 0.6, "n": 99, "label": "MOS"}
    figures = {f"cross/{name}/{key}": value for name in ("csiq", "tid2013") for key, value in of_set.items()}
    write(data="live", **figures, **{"cross/tid2013/same_photographs": True})
    mark = "trained on the same photographs"
    groups = groups_of(tmp_path)
    assert [group.kind.data for group in groups if mark in group.kind.marks] == ["tid2013"]
    assert [mark in section.title for section in cross(groups, scores=["model"])].count(True) == 1
    (tmp_path / "kept").mkdir()
    file = tmp_path / "kept" / "results.csv"
    file.write_text(render([kept(groups)], form="csv"))
    again = groups_of(file)
    assert [group.kind for group in again] == [group.kind for group in groups]
