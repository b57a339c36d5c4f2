"""Trainings by two processes that lose one, or all: they end soon, say so, and go on to the same numbers."""

import os
import signal
import sys
import time
from pathlib import Path
from subprocess import PIPE, Popen

import numpy as np
import pytest
import torch

from ksiqa import mix
from ksiqa.inference.model_folder import load_model
from ksiqa.task.quality import QualityTask
from ksiqa.training import trainers
from tests.runs import SMALL, composed, rows, same_run, table_overrides, train, wait_for
from tests.tiny import write_table

TWO = ("strategy.strategy=ddp", "strategy.devices=2", "strategy.accelerator=cpu", "hydra.run.dir=outputs/one")
EPOCHS, STEPS = 6, 4  # an epoch has 4 steps of 2 x 4 of 33 images
PARTS = {"train": range(7), "validation": range(7, 9), "test": range(9, 11)}  # contents
FEWER = ("6_0", "6_1", "8_0", "8_2", "8_4")  # rows that are left out: 33 to train on, 7 to validate by
OWN = [sys.executable, "-m", "ksiqa.train"]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--max-restarts=1"]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uneven")
    table = write_table(folder, contents=11)
    lines = [line for line in table.read_text().splitlines() if not line.startswith(FEWER)]
    table.write_text("\n".join(lines) + "\n")
    for part, contents in PARTS.items():
        names = [line.partition(",")[0] for line in lines[1:] if int(line.partition("_")[0]) in contents]
        (folder / f"{part}.txt").write_text("\n".join(names) + "\n")
    split = ("split.source=files", f"split.folder={folder}")
    small = [text for text in SMALL if not text.startswith("split.")]
    every_step = ("checkpoint.steps=1", "data.batch_size=4", f"trainer.max_epochs={EPOCHS}", "sharing=joint")
    means = ("loss.weights.plcc=0", "loss.weights.mse=1")  # over images: PLCC is of one process's batch
    return [*small, *table_overrides(table), *split, *every_step, *means, *TWO, f"cache={folder / 'cache'}"]


class _Launch:
    """A command and all processes that come of it, known by a variable in their environment."""

    def __init__(self, command, folder):
        self.mark = f"{folder}/{time.monotonic_ns()}"
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MARK": self.mark}
        self.run = folder / "outputs" / "one"
        self.process = Popen(
            command, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE, text=True, start_new_session=True
        )

    def alive(self):
        """Return the environment of each process."""
        found = {}
        for file in Path("/proc").glob("[0-9]*/environ"):
            try:
                variables = dict(text.split("=", 1) for text in file.read_text().split("\0") if "=" in text)
            except OSError:  # ended, or of another user
                continue
            if variables.get("MARK") == self.mark:
                found[int(file.parent.name)] = variables
        return found

    def at_step(self, step):
        wait_for((self.run / f"checkpoints/joint/step={step}.ckpt").exists, self.process)
        return self

    def kill(self, rank):
        """Kill a process; Lightning starts the others from the first, and torchrun all of them from its own."""
        ranks = {pid: variables.get("LOCAL_RANK") for pid, variables in self.alive().items()}
        pid = next((pid for pid, known in ranks.items() if known == str(rank)), self.process.pid)
        os.kill(pid, signal.SIGKILL)

    def ended(self):
        """Return status, output and errors, once no process is left; a minute is too long."""
        output, errors = self.process.communicate(timeout=60)
        end = time.monotonic() + 60
        while self.alive():
            assert time.monotonic() < end, self.alive()
            time.sleep(0.1)
        return self.process.returncode, output, errors

    def finished(self):
        output, errors = self.process.communicate(timeout=200)
        assert self.process.returncode == 0, errors
        return output


@pytest.fixture(scope="module")
def launched():
    """Start a command in a folder; what is left of it in the end is killed."""
    launches = []

    def started(command, folder):
        launches.append(_Launch(command, folder))
        return launches[-1]

    yield started
    for launch in launches:
        for pid in launch.alive():
            os.kill(pid, signal.SIGKILL)
        launch.process.communicate()


@pytest.fixture(scope="module")
def whole(told, launched, tmp_path_factory):
    """The run that is left alone."""
    launch = launched([*OWN, *told], tmp_path_factory.mktemp("whole"))
    assert "model: " in launch.finished()
    return launch.run


def _steps(seed):
    """Steps within every second epoch, since a process may take some more until it is killed."""
    within = np.random.default_rng(seed).integers(1, STEPS, EPOCHS // 2)
    return [2 * STEPS * place + int(step) for place, step in enumerate(within)]


def _said(errors):
    assert "LostProcessError\nfound: a process of this training ended, or cannot be reached: " in errors
    assert "expected: all of its processes until the end of training\ndo: see what " in errors


def _lost(launch, *kills):
    """Kill processes one after another, by step and rank; the last time all ends. Return what was said."""
    for step, rank in kills:
        launch.at_step(step).kill(rank)
    status, output, errors = launch.ended()
    assert status != 0
    _said(errors)
    return output


@pytest.mark.long  # nine processes
def test_a_run_that_loses_a_process_twice_ends_with_the_same_numbers(told, whole, launched, tmp_path):
    """One that Lightning started, and one of torchrun's, which starts all of them again."""
    command = [*OWN, *told, "+resume=auto"]
    first, second, *_ = _steps(0)
    assert "nothing to resume: a new run in" in _lost(launched(command, tmp_path), (first, 1))
    torchrun = launched([*TORCHRUN, *command[1:]], tmp_path)
    torchrun.at_step(second).kill(1)
    assert "model: " in torchrun.finished()
    same_run(torchrun.run, whole)


@pytest.mark.long
def test_a_run_that_loses_its_first_process_ends_with_the_same_numbers(told, whole, launched, tmp_path):
    command = [*OWN, *told, "+resume=auto"]
    _lost(launched(command, tmp_path), (_steps(0)[0], 0))
    launch = launched(command, tmp_path)
    launch.finished()
    same_run(launch.run, whole)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_run_that_torchrun_starts_loses_three(seed, told, whole, launched, tmp_path):
    """+resume=auto with nothing there; torchrun gives up after the second time."""
    command = [*TORCHRUN, *OWN[1:], *told, "+resume=auto"]
    first, second, third = _steps(seed)
    _lost(launched(command, tmp_path), (first, 1), (second, 0))
    torchrun = launched(command, tmp_path)
    torchrun.at_step(third).kill(0)
    torchrun.ended()
    launched([*OWN, *told, "+resume=auto"], tmp_path).finished()
    same_run(torchrun.run, whole)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_a_run_all_processes_of_which_were_killed_goes_on(seed, told, whole, launched, tmp_path):
    launch = launched([*OWN, *told], tmp_path)
    launch.at_step(_steps(seed)[-1])
    os.killpg(launch.process.pid, signal.SIGKILL)
    launch.ended()
    launched([*OWN, *told, "+resume=auto"], tmp_path).finished()
    same_run(launch.run, whole)


@pytest.mark.long
@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_lost_before_they_have_met(rank, told, launched, tmp_path):
    """The other one waits for it, in no step that could fail."""
    launch = launched([*OWN, *told], tmp_path)
    wait_for(lambda: any("LOCAL_RANK" in variables for variables in launch.alive().values()), launch.process)
    launch.kill(rank)
    _, _, errors = launch.ended()
    _said(errors)
    assert ("process 1, SIGKILL" if rank else "the one that started this one ended") in errors


@pytest.mark.long  # three trainings
def test_two_processes_train_as_one_does(told, whole, tmp_path):
    """Gradients, losses and figures of each epoch: two batches of four are one of eight."""
    alone = [text for text in told if text not in TWO]
    train(tmp_path / "alone", *alone, "data.batch_size=8")
    columns = (
        "gradient_norm",
        "train/loss",
        "train/table/teacher/ordinal",
        "validation/rmse",
        "validation/teacher_plcc",
    )
    for one, two in zip(rows(tmp_path / "alone" / "metrics.csv"), rows(whole / "metrics.csv"), strict=True):
        assert {name: float(two[name]) for name in columns} == pytest.approx(
            {name: float(one[name]) for name in columns}, rel=1e-3
        )


def test_two_processes_validate_uneven_numbers_as_one_does(told, whole):
    """Seven images in batches of four, each counted once; the figures of the last epoch are of the weights saved."""
    model = load_model(whole / "model")
    data = [text for text in told if text.startswith(("data", "split", "cache"))]
    config = composed("evaluate", "checkpoint=x", *data)
    config.strategy.accelerator, config.trainer.enable_progress_bar = "cpu", False
    (scored,) = mix.scored_sets(config, model)
    assert len(scored.split.validation) == 7
    task = QualityTask(student=model.student, teacher=model.teacher, units={scored.name: scored.unit})
    trainer = trainers.scoring_trainer(config)
    trainer.validate(task, scored.val_dataloader(), verbose=False)
    alone = {name: float(value) for name, value in trainer.callback_metrics.items()}
    *_, last = rows(whole / "metrics.csv")
    assert {"validation/srcc", "validation/plcc", "validation/rmse", "validation/teacher_srcc"} <= set(alone)
    assert {name: float(last[name]) for name in alone} == pytest.approx(alone, abs=1e-6)
    tested = [Path(row["image"]).name for row in rows(whole / "predictions.csv")]
    assert sorted(tested) == sorted(f"{content}_{level}.png" for content in PARTS["test"] for level in range(5))


def test_checkpoints_hold_what_is_each_processs_own(whole):
    checkpoint = torch.load(whole / "checkpoints" / "joint" / "last.ckpt", weights_only=True)
    assert len(checkpoint["random_states"]) == len(checkpoint["epoch_means"]) == 2
    first, second = ({name: sums[1] for name, sums in one.items()} for one in checkpoint["epoch_means"])
    assert first["train/loss"] == second["train/loss"] == STEPS * 4
