"""Runs that are ended at any step, by real signals to real processes, and go on as if nothing had been."""

import shutil
import signal
import time
from functools import wraps

import numpy as np
import pytest
import torch

from ksiqa.errors import CheckpointError, StoppedError
from ksiqa.stopping import stoppable
from ksiqa.task.quality import QualityTask
from ksiqa.task.student import StudentTask
from ksiqa.training.phases import newest_checkpoint
from tests.runs import SMALL, ended, same_run, table_overrides, train

EPOCHS, STEPS = 5, 4  # an epoch has 4 steps of 8 of 30 images
EVERY_STEP = ("checkpoint.steps=1", "sharing=joint", f"trainer.max_epochs={EPOCHS}", "name=interrupted")


@pytest.fixture(scope="module")
def told(pairs, tmp_path_factory):
    return [*SMALL, *table_overrides(pairs), *EVERY_STEP, f"cache={tmp_path_factory.mktemp('cache')}"]


@pytest.fixture(scope="module")
def whole(told, tmp_path_factory):
    """The run that is left alone."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    train(folder, *told)
    return folder


@pytest.fixture(scope="module")
def killed(told, tmp_path_factory):
    """A run that was killed at a random step."""
    return _killed(0, told, tmp_path_factory.mktemp("killed"))


def _step(seed):
    """A step within an epoch: an epoch's last one has the epoch's own checkpoint."""
    return int(np.random.default_rng(seed).choice([step for step in range(1, EPOCHS * STEPS) if step % STEPS]))


@pytest.fixture
def steps(monkeypatch):
    """A list that grows by each training step of this process."""
    taken, step = [], StudentTask.training_step

    @wraps(step)
    def counted(task, batch, batch_idx):
        taken.append(batch_idx)
        return step(task, batch, batch_idx)

    monkeypatch.setattr(StudentTask, "training_step", counted)
    return taken


def _goes_on(run, told, steps):
    """The rest of the steps is taken, and no other."""
    newest = newest_checkpoint(run / "checkpoints" / "joint")
    done = torch.load(newest, weights_only=True)["global_step"]
    train(run.parent / "again", *told, "+resume=auto")
    assert 0 < len(steps) == EPOCHS * STEPS - done
    assert steps[0] == done % STEPS


def _killed(seed, told, folder):
    return ended(folder, *told, by=signal.SIGKILL, at=f"checkpoints/joint/step={_step(seed)}.ckpt")


def _ends_as_if_nothing_had_been(killed, told, whole, steps):
    _goes_on(killed, told, steps)
    same_run(killed, whole)
    left = {file.name for file in (killed / "checkpoints" / "joint").iterdir()}
    assert left == {"last.ckpt"}


def test_a_run_killed_at_a_random_step_ends_with_the_same_numbers(told, whole, killed, tmp_path, steps):
    copy = shutil.copytree(killed, tmp_path / "outputs" / "killed")
    _ends_as_if_nothing_had_been(copy, told, whole, steps)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 22))
def test_a_run_killed_at_other_steps(seed, told, whole, tmp_path, steps):
    _ends_as_if_nothing_had_been(_killed(seed, told, tmp_path), told, whole, steps)


def test_a_signal_to_end_saves_says_so_and_loses_nothing(told, whole, tmp_path, steps):
    """Sent to all processes of the run, as clusters do; the images are read by one of its own. SIGTERM: see below."""
    number = signal.SIGUSR1
    rarely = [*(text for text in told if not text.startswith(("checkpoint.", "data.workers="))), "data.workers=1"]
    at = "checkpoints/joint/last.ckpt"  # after the first epoch
    stopped = ended(tmp_path, *rarely, by=number, at=at, status=128 + number)
    file = newest_checkpoint(stopped / "checkpoints" / "joint")  # of the epoch, where it came between two
    said = (stopped / "said.txt").read_text()
    assert f"StoppedError\nfound: {number.name}: training stopped, its state is in" in said
    assert file.name in said
    assert "do: repeat the command with +resume=auto" in said
    _goes_on(stopped, rarely, steps)
    same_run(stopped, whole)


@pytest.mark.parametrize(
    ("task", "step", "number", "what"),
    [
        (StudentTask, "training_step", signal.SIGINT, r"training stopped, its state is in .*stopped-1\.ckpt"),
        (QualityTask, "test_step", signal.SIGTERM, r"the run stopped; what was trained is in .*checkpoints"),
    ],
)
def test_a_signal_is_answered_wherever_it_comes(task, step, number, what, pairs, tmp_path, monkeypatch):
    """In training and while the test part is scored; the run goes on from there."""
    short = [*table_overrides(pairs), f"cache={tmp_path / 'cache'}"]
    with monkeypatch.context() as patch:
        plain = getattr(task, step)

        @wraps(plain)
        def signalled(*given):
            signal.raise_signal(number)
            return plain(*given)

        patch.setattr(task, step, signalled)
        with pytest.raises(StoppedError, match=f"found: {number.name}: {what}\n.*\ndo: .*resume=auto") as error:
            train(tmp_path / "run", *short)
    assert error.value.status == 128 + number
    assert train(tmp_path / "other", *short, "+resume=auto")["test_n"] == 10
    assert [file.parent.name for file in tmp_path.glob("*/results.json")] == ["run"]


@pytest.mark.parametrize("validated", [1, 2])
def test_epochs_of_one_step_are_ended_between_them(validated, pairs, tmp_path, monkeypatch, steps):
    """Each step is the last one of an epoch, whose own checkpoint has all of it, also where it is not validated."""
    short = [*table_overrides(pairs), f"cache={tmp_path / 'cache'}", "data.batch_size=30", "trainer.max_epochs=3"]
    short.append(f"+trainer.check_val_every_n_epoch={validated}")
    with monkeypatch.context() as patch:
        plain = StudentTask.training_step

        @wraps(plain)
        def signalled(*given):
            signal.raise_signal(signal.SIGINT)
            return plain(*given)

        patch.setattr(StudentTask, "training_step", signalled)
        with pytest.raises(StoppedError, match=r"found: SIGINT: training stopped, its state is in .*last\.ckpt\n"):
            train(tmp_path / "run", *short)
    assert len(steps) == 1
    train(tmp_path / "other", *short, "+resume=auto")
    assert len(steps) == 3
    train(tmp_path / "whole", *short)
    same_run(tmp_path / "run", tmp_path / "whole")


def test_the_alarm_of_a_program_around_it_is_left_alone():
    """That of pytest's own timeout, here."""
    before, _ = signal.getitimer(signal.ITIMER_REAL)
    with stoppable("nothing"):
        pass
    after, _ = signal.getitimer(signal.ITIMER_REAL)
    assert 0 < after <= before


def test_an_end_that_comes_where_python_drops_it_comes_again():
    class Dropped:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)

    def drop():
        Dropped()
        time.sleep(5)

    with pytest.raises(StoppedError, match="found: SIGTERM: the scoring stopped"), stoppable("again"):
        drop()


def test_a_damaged_checkpoint_is_left_aside_and_the_one_before_it_taken(told, whole, killed, tmp_path, capsys):
    killed = shutil.copytree(killed, tmp_path / "outputs" / "killed")
    files = killed / "checkpoints" / "joint"
    newest = newest_checkpoint(files)
    newest.write_bytes(newest.read_bytes()[: newest.stat().st_size // 2])
    before = newest_checkpoint(files)
    assert before != newest
    train(killed.parent / "again", *told, "+resume=auto")
    assert f"not whole, left aside: {newest.name}; going on from {before}" in capsys.readouterr().out.replace("\n", "")
    same_run(killed, whole)


@pytest.mark.long  # three trainings
def test_the_best_epoch_is_remembered_over_an_interruption(told, tmp_path, steps):
    """Killed after the last of its epochs, few of which are the best so far."""
    best = [*told, "task.select=best"]
    at = f"checkpoints/joint/step={EPOCHS * STEPS - 2}.ckpt"
    killed = ended(tmp_path, *best, by=signal.SIGKILL, at=at)
    _goes_on(killed, best, steps)
    train(tmp_path / "whole", *best)
    same_run(killed, tmp_path / "whole")
    steps.clear()
    (killed / "results.json").unlink()  # as if killed in the test
    train(killed.parent / "again", *best, "+resume=auto")
    assert not steps
    same_run(killed, tmp_path / "whole")


@pytest.mark.long
def test_a_signal_ends_a_whole_sweep(told, tmp_path):
    at = "seed=0/checkpoints/joint/last.ckpt"
    sweep = ended(tmp_path, "-m", "seed=0,1", *told, by=signal.SIGTERM, at=at, status=128 + signal.SIGTERM)
    assert [file.parent.name for file in sweep.glob("*/config.yaml")] == ["seed=0"]
    assert "StoppedError\nfound: SIGTERM: training stopped" in (sweep / "said.txt").read_text()


def test_no_checkpoint_that_is_whole(whole, tmp_path):
    assert newest_checkpoint(tmp_path / "nothing") is None
    shutil.copy(whole / "checkpoints" / "joint" / "last.ckpt", tmp_path / "last.ckpt")
    assert newest_checkpoint(tmp_path) == tmp_path / "last.ckpt"
    (tmp_path / "last.ckpt").write_bytes(b"PK")
    with pytest.raises(
        CheckpointError, match=r"with last\.ckpt, none of which can be read\nexpected: a checkpoint that was"
    ):
        newest_checkpoint(tmp_path)
