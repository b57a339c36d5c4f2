"""Runs that are ended at any step, by real signals to real processes, and go on as if nothing had been."""

import shutil
import signal

import numpy as np
import pytest

from ksiqa.errors import CheckpointError
from ksiqa.training.phases import newest_checkpoint
from tests.runs import SMALL, ended, same_run, table_overrides, train

EPOCHS, STEPS = 8, 4  # an epoch has 4 steps of 8 of 30 images
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


def _step(seed):
    """A step within an epoch: an epoch's last one has the epoch's own checkpoint."""
    return int(np.random.default_rng(seed).choice([step for step in range(1, EPOCHS * STEPS) if step % STEPS]))


def _killed_at_a_random_step(seed, told, whole, tmp_path):
    at = f"checkpoints/joint/step={_step(seed)}.ckpt"
    killed = ended(tmp_path, *told, by=signal.SIGKILL, at=at)
    train(killed.parent / "again", *told, "+resume=auto")
    same_run(killed, whole)
    left = {file.name for file in (killed / "checkpoints" / "joint").iterdir()}
    assert left == {"last.ckpt"}


@pytest.mark.parametrize("seed", range(3))
def test_a_run_killed_at_a_random_step_ends_with_the_same_numbers(seed, told, whole, tmp_path):
    _killed_at_a_random_step(seed, told, whole, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3, 23))
def test_a_run_killed_at_twenty_more(seed, told, whole, tmp_path):
    _killed_at_a_random_step(seed, told, whole, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_to_end_saves_says_so_and_loses_nothing(number, told, whole, tmp_path):
    rarely = [text for text in told if not text.startswith("checkpoint.")]
    at = "checkpoints/joint/last.ckpt"  # after the first epoch
    stopped = ended(tmp_path, *rarely, by=number, at=at, status=128 + number)
    (file,) = (stopped / "checkpoints" / "joint").glob("stopped-*.ckpt")
    said = (stopped / "said.txt").read_text()
    assert f"StoppedError\nfound: {number.name}: training stopped, its state is in" in said
    assert file.name in said
    assert "do: repeat the command with +resume=auto" in said
    (stopped / "said.txt").unlink()
    train(stopped.parent / "again", *rarely, "+resume=auto")
    same_run(stopped, whole)


def test_a_damaged_checkpoint_is_left_aside_and_the_one_before_it_taken(told, whole, tmp_path, capsys):
    killed = ended(tmp_path, *told, by=signal.SIGKILL, at="checkpoints/joint/step=7.ckpt")
    files = killed / "checkpoints" / "joint"
    newest = newest_checkpoint(files)
    newest.write_bytes(newest.read_bytes()[: newest.stat().st_size // 2])
    before = newest_checkpoint(files)
    assert before != newest
    train(killed.parent / "again", *told, "+resume=auto")
    assert f"not whole, left aside: {newest.name}; going on from {before}" in capsys.readouterr().out.replace("\n", "")
    same_run(killed, whole)


def test_no_checkpoint_that_is_whole(whole, tmp_path):
    assert newest_checkpoint(tmp_path / "nothing") is None
    shutil.copy(whole / "checkpoints" / "joint" / "last.ckpt", tmp_path / "last.ckpt")
    assert newest_checkpoint(tmp_path) == tmp_path / "last.ckpt"
    (tmp_path / "last.ckpt").write_bytes(b"PK")
    with pytest.raises(
        CheckpointError, match=r"with last\.ckpt, none of which can be read\nexpected: a checkpoint that was"
    ):
        newest_checkpoint(tmp_path)
