"""Sweeps as they are called: killed, shared by processes, done again, and what their folders hold."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ksiqa import train
from ksiqa.names import conf_folder
from tests.fake_iqa import WRITERS
from tests.runs import SMALL, table_overrides, untimed

TINY = [text for text in SMALL if not text.startswith("split.")]


def _command(*overrides):
    return [sys.executable, "-m", "ksiqa.train", *overrides, *TINY]


def _started(folder, *overrides):
    return subprocess.Popen(_command(*overrides), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _results(folder):
    return {file.parent.name: json.loads(file.read_text()) for file in folder.glob("*/results.json")}


def _starts(folder):
    return {file.parent.name: len(json.loads(file.read_text())) for file in folder.glob("*/environment.json")}


@pytest.mark.long  # ten trainings by several processes
def test_ten_splits_that_were_killed_are_finished_by_two_processes_that_repeat_nothing(pairs, tmp_path):
    sweep = [*table_overrides(pairs), "+sweep=ten_splits", "name=ten"]
    splits = tmp_path / "outputs" / "ten" / "ten_splits"
    killed = _started(tmp_path, *sweep)
    end = time.monotonic() + 120
    while not (splits / "split.index=2/checkpoints/student/last.ckpt").exists():
        assert killed.poll() is None
        assert time.monotonic() < end
        time.sleep(0.005)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert set(_results(splits)) == {"split.index=0", "split.index=1"}
    written = {file: file.stat().st_mtime_ns for file in splits.glob("*/*.json")}
    done = {file: time_ for file, time_ in written.items() if "split.index=2" not in str(file)}

    both = [_started(tmp_path, *sweep) for _ in range(2)]
    for process in both:
        told, errors = process.communicate(timeout=200)
        assert process.returncode == 0, errors
        assert "done already: " in told
        assert "Error" not in errors
    assert {file: file.stat().st_mtime_ns for file in done} == done
    results = _results(splits)
    assert sorted(results) == [f"split.index={index}" for index in range(10)]
    assert sorted(one["split"]["index"] for one in results.values()) == list(range(10))
    assert _starts(splits) == {name: 2 if name == "split.index=2" else 1 for name in results}
    with (splits / "split.index=2" / "metrics.csv").open(newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["0"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Commands are called in this process, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    for file in (conf_folder() / "data").glob("*.yaml"):
        monkeypatch.delenv(f"KSIQA_{file.stem.upper()}", raising=False)
    return tmp_path


def test_a_run_is_repeated_by_the_command_in_its_results(here, pairs):
    """From another directory, with paths that are relative to where the run was started."""
    run = here / "share=0.75" / "run"
    os.chdir(pairs.parent)
    changes = ["split.train_share=0.75", "name=once", "+trainer.max_steps=2", f"hydra.run.dir='{run}'"]
    train.main([*table_overrides(Path(pairs.name)), *changes, *TINY])
    results = json.loads((run / "results.json").read_text())
    shell = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    again = subprocess.run(
        results["repeat"], shell=True, cwd="/", env=shell, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    (folder,) = (pairs.parent / "outputs" / "once").iterdir()
    repeated = json.loads((folder / "results.json").read_text())
    apart = ("seconds", "repeat")  # the time, and the folder
    assert {key: repeated[key] for key in repeated if key not in apart} == {
        key: results[key] for key in results if key not in apart
    }
    names = [file.relative_to(run) for file in run.rglob("*") if file.is_file()]
    assert sorted(names) == sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    for name in ("config.yaml", "predictions.csv", "model/model.safetensors", "split/train.txt"):
        assert (folder / name).read_bytes() == (run / name).read_bytes(), name
    assert untimed(folder / "metrics.csv") == untimed(run / "metrics.csv")
    (start,) = json.loads((folder / "environment.json").read_text())
    assert {"torch", "lightning", "timm", "numpy", "pillow"} <= {name.lower() for name in start["packages"]}
    assert {"started", "version", "commit", "dirty", "python", "threads"} <= set(start)


def _failed(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        train.main(arguments)
    assert exit_.value.code == 2
    return capsys.readouterr().err


@pytest.mark.long  # three trainings
def test_cross_database_over_three_sets(here, capsys):
    sets = ("koniq10k", "livec", "spaq")
    partial = ["data.allow_missing=true", *(f"others.{name}.allow_missing=true" for name in sets)]
    for name in sets:
        WRITERS[name](here / name)
    roots = [f"roots.{name}={here / name}" for name in sets]
    sweep = [*TINY, "+sweep=cross_database", "data.short_side=null", "sharing=none", *partial]
    assert "expected: two sets or more" in _failed([*sweep, *roots[:1], "name=one"], capsys)
    assert "none of which has a value\n" in _failed(sweep, capsys)
    text = _failed([*sweep, *roots[:2], "roots.tid2013=nowhere", "name=two"], capsys)
    assert "DatasetError\nfound: data.root=nowhere, which is no folder\n" in text
    image = here / "livec" / "Images" / "104.bmp"
    content = image.read_bytes()
    image.write_bytes(content[: len(content) // 2])
    text = _failed([*sweep, *roots[:2], "name=broken"], capsys)
    assert "1 of 24 images that cannot be used\n  test: " in text
    assert "104.bmp" in text
    image.write_bytes(content)
    assert not list(here.glob("outputs/*/*/checkpoints"))  # seen before training

    train.main([*sweep, *roots])
    folder = here / "outputs" / "cross_database"
    results = _results(folder)
    assert set(results) == set(sets)
    count = dict.fromkeys(sets, 24)
    for name, one in results.items():
        assert (one["data"], one["train_n"], one["validation_n"], one["test_n"]) == (name, count[name], 0, 0)
        others = set(sets) - {name}
        assert {key.split("/")[1] for key in one if key.startswith("cross/")} == others
        assert {other: one[f"cross/{other}/n"] for other in others} == {other: count[other] for other in others}
        assert not any(key.startswith("test/") for key in one)
        for other in others:
            with (folder / name / "others" / f"{other}.csv").open(newline="") as file:
                assert len(list(csv.DictReader(file))) == count[other]
    with (folder / "cross_database.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["trained"], row["tested"]) for row in rows] == [
        (one, other) for one in sorted(sets) for other in sorted(sets) if one != other
    ]
    for row in rows:
        assert float(row["srcc"]) == results[row["trained"]][f"cross/{row['tested']}/srcc"]


def test_less_to_train_on_and_the_same_to_test_on(here, pairs):
    train.main(
        [*TINY, *table_overrides(pairs), "+sweep=data_efficiency", "trainer.max_epochs=1", "+trainer.max_steps=1"]
    )
    folder = here / "outputs" / "train" / "data_efficiency"
    results = _results(folder)
    shares = ("0.2", "0.6")
    assert [results[f"split.train_share={share}"]["train_n"] for share in shares] == [10, 25]  # of 8 contents x 5
    assert [results[f"split.train_share={share}"]["split"]["train_share"] for share in shares] == [0.2, 0.6]
    parts = [folder / f"split.train_share={share}" / "split" for share in shares]
    assert len({(part / "test.txt").read_text() for part in parts}) == 1
    trained = [set((part / "train.txt").read_text().split()) for part in parts]
    assert trained[0] < trained[1]


@pytest.mark.long
@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_other_launchers(launcher, pairs, tmp_path):
    sweep = ["-m", *table_overrides(pairs), "split.index=range(3)", f"hydra/launcher={launcher}"]
    for told in ("model: ", "done already: "):
        process = _started(tmp_path, *sweep)
        output, errors = process.communicate(timeout=280)
        assert process.returncode == 0, errors
        logs = [file.read_text() for file in tmp_path.rglob("*_log.out")]  # of submitit
        assert told in "".join([output, *logs])
    folder = tmp_path / "outputs" / "train" / "sweep"
    assert _starts(folder) == {f"split.index={index}": 1 for index in range(3)}
    assert set(_results(folder)) == set(_starts(folder))
