"""Trainings by two processes, as commands start them."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ksiqa import train
from ksiqa.errors import ConfigError
from ksiqa.evaluate import evaluate
from ksiqa.training import trainers
from ksiqa.training.processes import job_overrides
from ksiqa.training.trainers import several_devices
from tests.fake_iqa import WRITERS
from tests.runs import SMALL, composed, ended, rows, same_run, table_overrides
from tests.runs import train as run_small
from tests.tiny import write_table

TWO = ("strategy.strategy=ddp", "strategy.devices=2", "strategy.accelerator=cpu")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("pairs"), contents=11)


def _ran(command, folder, **environment):
    variables = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=200)


def test_two_processes_train_one_model_in_one_folder(pairs, tmp_path):
    """The program, with the best epoch chosen, two phases, and 15 images to validate in batches of 4: two and two."""
    overrides = [
        *(*SMALL, *table_overrides(pairs), "data.batch_size=4", "split.validation_share=0.3", "name=two", *TWO),
        *("sharing=sequential", "sharing.pair_epochs=1", "task.select=best", f"cache={tmp_path / 'cache'}"),
    ]
    program = Path(sys.executable).with_name("ksiqa")
    done = _ran([str(program), "train", *overrides], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # neither warnings nor notices
    assert done.stdout.count("model: ") == 1
    (folder,) = (tmp_path / "outputs" / "two").iterdir()
    results = json.loads((folder / "results.json").read_text())
    with (folder / "metrics.csv").open(newline="") as file:
        assert [row["phase"] for row in csv.DictReader(file)] == ["teacher", "student"]
    with (folder / "predictions.csv").open(newline="") as file:
        names = [row["image"] for row in csv.DictReader(file)]
    assert len(names) == len(set(names)) == results["test_n"] == 10
    data = [*table_overrides(pairs), "data.workers=0", "split.validation_share=0.3"]
    evaluate(
        composed(
            "evaluate", f"checkpoint={folder / 'model'}", "strategy=cpu", "trainer.enable_progress_bar=false", *data
        ),
        tmp_path / "again",
    )
    again = json.loads((tmp_path / "again" / "results.json").read_text())
    figures = {name: value for name, value in results.items() if name.startswith("test/")}
    assert {name: again[name] for name in figures} == figures


@pytest.mark.long  # two trainings by two processes
def test_two_processes_train_on_a_mix(tmp_path):
    """Sets with and without references, the best epoch by the mean over both; a step's rounding is shared out."""
    data = ["data=mix", "data.batch_size=4", "sharing=joint", "task.select=best"]
    for name, share in (("livec", 0.6), ("kadid10k", 0.4)):
        (tmp_path / name).mkdir()
        WRITERS[name](tmp_path / name)
        told = {"root": tmp_path / name, "allow_missing": "true", "share": share}
        data += [f"data.sets.{name}.{key}={value}" for key, value in told.items()]
    command = [sys.executable, "-m", "ksiqa.train", *SMALL, *data, *TWO, "name=mixed"]
    done = _ran(command, tmp_path)
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "outputs" / "mixed").iterdir()
    results = json.loads((folder / "results.json").read_text())
    assert {"test/livec/srcc", "test/kadid10k/teacher_srcc", "test/mean_srcc"} <= set(results)
    with (folder / "metrics.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert {"train/livec/student/mse", "train/kadid10k/teacher/mse", "validation/mean_srcc"} <= set(row)
    assert "validation/livec/teacher_srcc" not in row


@pytest.mark.long  # two trainings by two processes, and one more
def test_weights_that_are_shared_out_learn_as_whole_ones(pairs, tmp_path):
    """FSDP against DDP and one process, by a term that takes images one by one, whatever batch they are in."""
    small = [*SMALL, *table_overrides(pairs), "split.validation_share=0.3", f"cache={tmp_path / 'cache'}"]
    ways = {"fsdp": ("strategy.strategy=fsdp", "strategy.channels_last=true", *TWO[1:]), "ddp": TWO, "one": ()}
    for name, way in ways.items():
        told = [
            "loss=mse",
            "sharing=none",
            "trainer.gradient_clip_val=0.1",
            f"data.batch_size={4 if way else 8}",
            f"hydra.run.dir={tmp_path / name}",
        ]
        done = _ran([sys.executable, "-m", "ksiqa.train", *small, *told, "trainer.max_epochs=2", *way], tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    runs = [
        (load_file(tmp_path / name / "model" / "model.safetensors"), rows(tmp_path / name / "metrics.csv"))
        for name in ways
    ]
    (shared, metrics), *others = runs
    for weights, told in others:
        assert {name: value.shape for name, value in shared.items()} == {
            name: value.shape for name, value in weights.items()
        }
        assert all(torch.allclose(value, weights[name], atol=3e-5) for name, value in shared.items())
        for key in ("train/loss", "gradient_norm"):
            assert [float(row[key]) for row in metrics] == pytest.approx([float(row[key]) for row in told], rel=1e-3)


@pytest.mark.long  # three trainings by two processes
def test_a_run_of_shared_out_weights_goes_on_to_the_same_numbers(pairs, tmp_path):
    """Two phases, the first of which is done already; the best epoch of each."""
    told = [*SMALL, *table_overrides(pairs), *TWO[1:], "strategy.strategy=fsdp", "split.validation_share=0.3"]
    told += ["sharing=sequential", "sharing.pair_epochs=1", "trainer.max_epochs=4", "task.select=best", "name=two"]
    told += ["data.batch_size=4", f"cache={tmp_path / 'cache'}"]
    folder = ended(tmp_path, *told, by=signal.SIGUSR1, at="checkpoints/student/last.ckpt", status=128 + signal.SIGUSR1)
    for more in (f"hydra.run.dir={folder}", "+resume=auto"), (f"hydra.run.dir={tmp_path / 'whole'}",):
        done = _ran([sys.executable, "-m", "ksiqa.train", *told, *more], tmp_path)
        assert done.returncode == 0, done.stderr
    same_run(folder, tmp_path / "whole")


@pytest.mark.long  # two trainings by two processes
def test_a_sweep_of_trainings_by_two_processes(pairs, tmp_path):
    """Each process that is started does the run that it was started for, and not the sweep."""
    told = [*SMALL, *table_overrides(pairs), *TWO, "data.batch_size=4", f"cache={tmp_path / 'cache'}"]
    program = Path(sys.executable).with_name("ksiqa")
    (tmp_path / "own" / "loss").mkdir(parents=True)
    (tmp_path / "own" / "loss" / "ours.yaml").write_text("weights: {mse: 1.0}\n")
    own = ("--config-dir", str(tmp_path / "own"), "loss=ours")
    done = _ran([str(program), "train", *own, *told, "name=swept", "split.index=0,1", "-m"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.count("devices: 2") == done.stdout.count(f"model: {tmp_path}") == 2
    folders = sorted((tmp_path / "outputs" / "swept" / "sweep").glob("split*"))
    assert [folder.name for folder in folders] == ["split.index=0", "split.index=1"]
    assert [child.name for child in (tmp_path / "outputs" / "swept").iterdir()] == ["sweep"]
    for folder in folders:
        assert json.loads((folder / "results.json").read_text())["split"]["index"] == int(folder.name[-1])
        checkpoint = torch.load(folder / "checkpoints" / "student" / "last.ckpt", weights_only=True)
        assert len(checkpoint["random_states"]) == 2


def test_what_the_processes_of_a_sweeps_run_are_told():
    hydra = ["hydra.mode=MULTIRUN", "hydra.job.config.override_dirname.exclude_keys=[data]"]
    told = job_overrides(task=["+sweep=ten_splits", "data=livec", "split.index=3"], hydra=hydra)
    assert told == ["+sweep=ten_splits", "data=livec", "split.index=3", hydra[1], "hydra.mode=RUN"]


@pytest.mark.parametrize(
    ("devices", "several"), [("1", False), ("[3]", False), ("2", True), ("[0,3]", True), ("-1", True)]
)
def test_what_counts_as_several_devices(devices, several):
    assert several_devices(composed("train", f"strategy.devices={devices}")) is several


def test_other_ways_to_share_the_work_are_refused(pairs, tmp_path):
    with pytest.raises(ConfigError, match=r"found: strategy.strategy=ddp_spawn\nexpected: one of auto, ddp, fsdp\n"):
        run_small(tmp_path / "run", *table_overrides(pairs), "strategy.strategy=ddp_spawn")


def test_shared_out_weights_take_no_scaled_gradients():
    config = composed("train", "strategy=fsdp", "strategy.precision=16-mixed")
    with pytest.raises(ConfigError, match=r"16-mixed with strategy.strategy=fsdp\n.*\ndo: set strategy.precision=bf16"):
        trainers.scoring_trainer(config, alone=False)


def _failed(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        train.main(arguments)
    assert exit_.value.code == 2
    return capsys.readouterr().err


def test_launches_whose_processes_would_not_share_a_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RANK", "0")  # as torchrun does
    text = _failed(["-m", "seed=0,1", "data=demo", *TWO], capsys)
    assert "found: a sweep by torchrun or srun with strategy.devices=2\nexpected: runs one after another" in text
    text = _failed(["data=demo", *TWO], capsys)
    assert "found: processes started by torchrun or srun, without a folder for all of them" in text
    assert "do: add hydra.run.dir=outputs/NAME" in text
    assert "found: data=livec without data.root" in _failed([*TWO, "hydra.run.dir=outputs/one"], capsys)
