"""Searches by Optuna: what a trial is, that test parts are not looked at, and studies that are killed."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

import optuna
import pytest
from optuna.trial import TrialState

from ksiqa.errors import ConfigError
from ksiqa.files import alone_in
from ksiqa.names import choices
from ksiqa.search import study as studies
from ksiqa.search.run import search, validation_srcc
from ksiqa.search.space import Range, ranges
from ksiqa.search.study import begun, left_behind, opened
from tests.runs import SMALL, composed, table_overrides
from tests.wandb_file import read, wandb_folders

TINY = (
    *(*SMALL, "+sweep=optuna", "+trainer.limit_train_batches=1", "search.trials=2", "search.splits=[0,1]"),
    *(
        "search.space.loss=null",
        "search.space.task.optimiser.lr=null",
        "+search.space.model.decoder_depth.values=[1,2]",
    ),
)


def _study(folder):
    return optuna.load_study(study_name="ksiqa", storage=f"sqlite:///{folder / 'study.db'}")


def test_a_trial_is_the_median_over_its_splits_and_no_test_part_is_scored(pairs, tmp_path, capsys):
    config = composed("train", *TINY, f"cache={tmp_path / 'cache'}", *table_overrides(pairs))
    best = search(config, tmp_path / "study")
    trials = _study(tmp_path / "study").trials
    assert [trial.state.name for trial in trials] == ["COMPLETE", "COMPLETE"]
    assert set(best) == {"task.optimiser.head_lr", "model.decoder_depth"}
    for trial in trials:
        splits = [tmp_path / "study" / f"trial-{trial.number:04}" / f"split.index={index}" for index in (0, 1)]
        found = [validation_srcc(split / "metrics.csv", best=False) for split in splits]
        assert trial.value == pytest.approx(sum(found) / 2)
        for index, split in enumerate(splits):
            results = json.loads((split / "results.json").read_text())
            assert results["split"]["index"] == index
            assert not [key for key in results if key.startswith(("test/", "cross/"))]
            assert not {"predictions.csv", "scatter.png", "checkpoints", "model"} & {
                one.name for one in split.iterdir()
            }
    assert "best of 2, by median validation SRCC: " in capsys.readouterr().out
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "study").rglob("*.json")}
    assert search(config, tmp_path / "study") == best  # done: nothing is repeated
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "study").rglob("*.json")} == before


@pytest.mark.long
def test_a_search_that_was_killed_is_finished_by_two_processes(pairs, tmp_path):
    command = [sys.executable, "-m", "ksiqa.train", *TINY, *table_overrides(pairs), "name=killed", "search.trials=4"]
    folder = tmp_path / "outputs" / "killed" / "optuna"
    killed = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    end = time.monotonic() + 200
    while not (folder / "trial-0001" / "split.index=0" / "results.json").exists():
        assert killed.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    done = {file: file.stat().st_mtime_ns for file in folder.glob("trial-*/*/results.json")}
    both = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=280)
        assert process.returncode == 0, errors.decode()
        assert errors == b""
    trials = _study(folder).trials
    assert len(trials) in (4, 5)  # two may ask for the last one at a time
    assert {trial.state.name for trial in trials} == {"COMPLETE"}
    assert {file: file.stat().st_mtime_ns for file in done} == done
    assert all(len(list((folder / f"trial-{one.number:04}").glob("*/results.json"))) == 2 for one in trials)


def test_a_loss_that_is_no_number_is_a_trial_that_failed(pairs, tmp_path, capsys):
    space = [
        "search.trials=1",
        "search.splits=[0]",
        "~search.space.model",
        "+search.space.task.optimiser.head_lr.values=[1e30]",
    ]
    data = [
        *table_overrides(pairs),
        f"cache={tmp_path / 'cache'}",
        "trainer.max_epochs=2",
        "+trainer.limit_train_batches=2",
    ]
    tiny = [one for one in TINY if "model" not in one.partition("=")[0] or one in SMALL]
    config = composed("train", *[one for one in tiny if "limit" not in one], *space, *data)
    with pytest.raises(ConfigError) as failed:
        search(config, tmp_path / "study")
    assert "all of whose trials failed, the last one of 1 by a loss that is no number, step 1: " in failed.value.found
    assert failed.value.do.startswith("mend that or search.space, then search anew with name=OTHER")
    assert [trial.state.name for trial in _study(tmp_path / "study").trials] == ["FAIL"]
    assert "trial 0: failed, " in capsys.readouterr().out


def test_values_that_fit_no_model_fail_and_the_search_goes_on(pairs, tmp_path, monkeypatch, capsys):
    for name in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "wandb"))
    changes = ["search.trials=2", "search.splits=[0]", "search.seed=1", "logger=wandb"]
    tiny = [one for one in TINY if not one.startswith("+search.space.model")]
    config = composed("train", *tiny, *changes, f"cache={tmp_path / 'cache'}", *table_overrides(pairs))
    config.search.space = {"model.heads": {"values": [4, 5]}}
    assert search(config, tmp_path / "study") == {"model.heads": 4}
    trials = _study(tmp_path / "study").trials
    states = [(trial.params["model.heads"], trial.state.name) for trial in trials]
    assert states == [(5, "FAIL"), (4, "COMPLETE")]
    assert "failed, model.width=32 with model.heads=5, model.heads=5\n" in capsys.readouterr().out
    trial = next(one.number for one in trials if one.state.name == "COMPLETE")
    (folder,) = wandb_folders(tmp_path / "study" / f"trial-{trial:04}" / "split.index=0")
    found = read(folder)
    assert found.run.display_name == f"train trial-{trial:04} split.index=0"
    assert f"run-{found.run.run_id}" in found.artifacts
    assert f"model-{found.run.run_id}" not in found.artifacts  # it is not kept, and could not be uploaded


def test_a_trial_that_ends_while_it_is_looked_at_is_not_taken(tmp_path, monkeypatch):
    study = opened(tmp_path)
    trial = study.ask()
    trial.suggest_int("model.decoder_depth", 1, 2)

    def late(folder, held, before=studies._hold):
        study.tell(trial.number, 0.5)  # by the process that worked on it, before it lets go of the folder
        return before(folder, held)

    monkeypatch.setattr(studies, "_hold", late)
    with ExitStack() as held:
        assert left_behind(study, tmp_path, held=held, names=["model.decoder_depth"]) is None
        with alone_in(tmp_path / "trial-0000"):  # free again
            pass


def test_a_trial_that_was_cut_off_before_it_had_its_values_does_not_count(tmp_path):
    study, names = opened(tmp_path), ["model.decoder_depth", "model.heads"]
    for values in (0, 1, 2):  # of two that a trial wants
        trial = study.ask()
        for name in names[:values]:
            trial.suggest_int(name, 1, 2)
    assert begun(study, names=names) == 1
    study.tell(0, state=TrialState.FAIL)
    assert begun(study, names=names) == 2


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("model.heads", 5, "model.width=32 with"), ("task.optimiser.lr", -1.0, "task.optimiser.lr=-1.0")],
)
def test_a_search_tries_as_many_beside_one_that_was_cut_off(key, value, said, pairs, tmp_path):
    """Of values that no training takes."""
    tiny = [one for one in TINY if not one.startswith("+search.space.model")]
    config = composed("train", *tiny, f"cache={tmp_path / 'cache'}", *table_overrides(pairs), "search.trials=1")
    config.search.space = {key: {"values": [value]}}
    (tmp_path / "study").mkdir()
    opened(tmp_path / "study").ask()
    with pytest.raises(ConfigError, match=f"all of whose trials failed, the last one of 1 by {said}"):
        search(config, tmp_path / "study")
    assert [trial.state.name for trial in _study(tmp_path / "study").trials] == ["RUNNING", "FAIL"]


def test_the_space_of_a_config():
    space = composed("train", "+sweep=optuna", "search.space.loss=null").search.space
    assert ranges(space) == {
        "task.optimiser.lr": Range(1e-6, 1e-4, log=True),
        "task.optimiser.head_lr": Range(3e-5, 3e-3, log=True),
        "model.decoder_depth": Range(1, 4),
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            ["+search.space.task.optimiser.rate.values=[1,2]"],
            "found: search.space.task.optimiser.rate, which the config does not",
        ),
        (
            ["search.space.model.decoder_depth=3"],
            "found: search.space.model.decoder_depth=3\nexpected: {low: A, high: B}",
        ),
        (
            ["search.space.model.decoder_depth.low=5"],
            "'high': 4}\nexpected: two finite numbers, low no larger than high\n",
        ),
        (["search.space.model.decoder_depth.high=deep"], "'high': 'deep'}\nexpected: two finite numbers"),
        (["search.space.task.optimiser.lr.low=0"], "'log': True}\nexpected: a low above 0: with log: true"),
        (["+search.space.model.decoder_depth.middle=3"], "found: search.space.model.decoder_depth={"),
        (["split.validation_share=0"], "with split.validation_share=0\nexpected: splits that have a validation part"),
        (["search.splits=[]"], "found: search.splits=[] with"),
        (["search.trials=0"], "found: search.trials=0\nexpected: 1 or more"),
        (["model.students=2"], "found: a search with model.students\nexpected: one student, by whose validation SRCC"),
        (["+search.space.model.students.values=[1,2]"], "found: a search with several values of model.students"),
        (["report.best_on_test=true"], "expected: no look at the test part"),
        (["strategy.devices=2"], "expected: no look at the test part, and one device a process"),
    ],
)
def test_what_cannot_be_searched(changes, said, tmp_path):
    with pytest.raises(ConfigError) as error:
        search(composed("train", "+sweep=optuna", *changes), tmp_path / "study")
    assert said in str(error.value)


@pytest.fixture
def metrics(tmp_path):
    """A metrics.csv whose last phase has SRCC after some of its epochs."""

    def written(*srcc):
        rows = [("teacher", 0.99), *(("student", one) for one in srcc)]
        with (tmp_path / "metrics.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("phase", "validation/srcc"), *rows])
        return tmp_path / "metrics.csv"

    return written


@pytest.mark.parametrize("srcc", [(0.5, 0.7, 0.6), ("", 0.7, "", 0.6, "")])
def test_the_best_epoch_counts_where_the_best_is_kept(srcc, metrics):
    assert validation_srcc(metrics(*srcc), best=False) == 0.6
    assert validation_srcc(metrics(*srcc), best=True) == 0.7


def test_a_phase_that_was_never_validated_cannot_be_compared(metrics):
    with pytest.raises(
        ConfigError, match=r"without a figure of the validation part in .*\nexpected: an epoch that ends"
    ):
        validation_srcc(metrics("", ""), best=False)


@pytest.mark.parametrize("name", choices("sweep"))
def test_every_sweep_composes(name):
    config = composed("train", "+experiment=kadid10k", f"+sweep={name}", "roots.livec=a", "roots.spaq=b", *(
        ["sharing=transfer", "+data@pairs=folder"] if "transfer" in name else []
    ))  # fmt: skip
    assert config.split.source in ("random", "folds", "train_on_all")


@pytest.mark.parametrize("launcher", ["joblib", "slurm"])
def test_a_launcher_goes_with_another_sweep(launcher):
    from hydra import compose, initialize_config_dir

    from ksiqa.names import conf_folder

    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        hydra = compose(
            "train", ["+experiment=koniq", f"+sweep=[ten_splits,{launcher}]"], return_hydra_config=True
        ).hydra
    assert hydra.sweeper.params["split.index"] == "range(10)"
    assert (
        hydra.launcher._target_.rpartition(".")[2] == {"joblib": "JoblibLauncher", "slurm": "SlurmLauncher"}[launcher]
    )
