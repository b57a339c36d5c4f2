"""The command on real runs, as it is called."""

import subprocess
import sys

import pandas as pd
import pytest
from scipy import stats

from ksiqa import table
from ksiqa.evaluate import evaluate
from tests.report.table.conftest import write_run
from tests.runs import composed, table_overrides, train
from tests.tiny import write_table

RECIPES = {"a": [], "b": ["task.optimiser.head_lr=1e-2"]}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Real runs: two recipes on two splits."""
    folder = tmp_path_factory.mktemp("outputs")
    data = table_overrides(write_table(tmp_path_factory.mktemp("images"), contents=10))
    for name, overrides in RECIPES.items():
        for split in range(2):
            small = ["+trainer.limit_train_batches=1", "model=plain", f"split.index={split}"]
            train(folder / f"{name}{split}", *data, *small, *overrides)
    return folder


def _printed(capsys, *arguments):
    table.main([str(one) for one in arguments])
    return capsys.readouterr().out


def test_the_numbers_of_real_runs_by_another_way(runs, capsys, tmp_path):
    _printed(capsys, runs, "--format", "csv", "--output", tmp_path / "table.csv")
    found = pd.read_csv(tmp_path / "table.csv").set_index("model")
    names = {"a": "task.optimiser.head_lr=0.0003", "b": "task.optimiser.head_lr=0.01"}
    assert sorted(found.index) == sorted(names.values())
    for letter, name in names.items():
        by_split = pd.concat(
            pd.read_csv(runs / f"{letter}{split}" / "predictions.csv").assign(split=split) for split in range(2)
        ).groupby("split")
        srcc = by_split.apply(lambda one: stats.spearmanr(one["score"], one["label"]).statistic)
        plcc = by_split.apply(lambda one: stats.pearsonr(one["score"], one["label"]).statistic)
        row = found.loc[name]
        assert (row["splits"], row["seeds"]) == (2, 1)
        assert row["SRCC median"] == pytest.approx(srcc.median(), abs=1e-6)
        assert (row["SRCC min"], row["SRCC max"]) == pytest.approx((srcc.min(), srcc.max()), abs=1e-6)
        assert row["SRCC sd"] == pytest.approx(srcc.std(), abs=1e-6)
        assert row["PLCC raw median"] == pytest.approx(plcc.median(), abs=1e-6)


def test_every_table_of_real_runs_in_every_format(runs, capsys):
    for show in ("summary", "runs", "differences", "papers", "cross"):
        for form in ("table", "csv", "markdown", "latex"):
            arguments = (runs, "--show", show, "--format", form, "--draws", 20)
            assert "head_lr" in _printed(capsys, *arguments).replace("\\_", "_"), (show, form)
    printed = _printed(capsys, runs, "--show", "summary", "differences", "--draws", 20)
    assert printed.index("SRCC") < printed.index("Paired differences")


def test_plots_of_real_runs(runs, capsys, tmp_path):
    table.main([str(runs), "--plots", str(tmp_path / "plots")])
    names = {path.name.partition("_")[0] for path in (tmp_path / "plots").iterdir()}
    assert names == {"splits", "scatter", "learning"}  # no distortions in this set
    assert str(tmp_path / "plots") in capsys.readouterr().err


def test_the_command_as_a_program(tmp_path):
    write_run(tmp_path / "runs" / "one")
    command = [sys.executable, "-m", "ksiqa.table", "runs"]
    done = [subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True) for _ in range(2)]
    assert "KonIQ-10k (MOS); marked: fewer than ten splits" in done[0].stdout
    assert done[0].stdout == done[1].stdout


def test_marked_tables_are_updated_from_their_own_folder(tmp_path, monkeypatch, capsys):
    write_run(tmp_path / "there" / "runs" / "one")
    document = tmp_path / "there" / "README.md"
    document.write_text("<!-- ksiqa table: runs --figures srcc -->\n<!-- end of table -->\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    table.main(["--update", str(document)])
    assert "| student | 1 | 1 | 40 |" in document.read_text()
    assert capsys.readouterr().err == f"{document}: 1 tables\n"


def test_unfinished_runs_are_told(tmp_path, capsys):
    write_run(tmp_path / "one")
    (write_run(tmp_path / "two", split=1) / "results.json").unlink()
    table.main([str(tmp_path)])
    assert "1 unfinished run is left out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "found: no RUNS\nexpected: folders of runs"),
        (["nowhere"], "found: nowhere, which is neither a folder nor a results.csv"),
        (["runs", "--output", "no/table.csv"], "found: no folder no\nexpected: "),
        (["runs", "--show", "summary", "papers", "--format", "csv"], "expected: one table a CSV\ndo: "),
        (["runs", "--show", "differences"], "found: no row for --show differences --scores model\nexpected: "),
        (["runs", "--scores", "ridge"], "found: no row for --show summary --scores ridge"),
        (["runs", "--label", "nose"], "found: --label nose\nexpected: a setting of the runs"),
        (["runs", "--show", "differences", "--against", "nobody"], "found: --against nobody\nexpected: one of student"),
        (["runs", "--draws", "0"], "found: --draws=0\nexpected: 1 or more"),
        (["--update", "nowhere.md"], "found: nowhere.md: no such file"),
        (["runs", "--format", "html"], "invalid choice: 'html'"),
    ],
)
def test_errors_are_text(arguments, expected, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "runs" / "one")
    with pytest.raises(SystemExit) as exit_:
        table.main(arguments)
    assert exit_.value.code == 2
    told = capsys.readouterr().err
    assert expected in told
    assert "Traceback" not in told


def test_an_evaluation_of_a_run_on_its_own_split_counts_once(runs, capsys, tmp_path):
    data = ["data=table", *table_overrides(runs.parent / "images0" / "scores.csv")[1:], "data.workers=0"]
    config = composed(
        "evaluate", f"checkpoint={runs / 'a0' / 'model'}", "strategy=cpu", *data, "split.validation_share=0.2"
    )
    for index in range(2):
        config.split.index = index
        evaluate(config, tmp_path / str(index))
    capsys.readouterr()
    alone, beside = (_printed(capsys, *these, "--show", "runs") for these in ([runs], [runs, tmp_path / "0"]))
    assert alone == beside
    leaked = _printed(capsys, tmp_path / "1")
    assert "marked: fewer than ten splits, tested on another split" in leaked
