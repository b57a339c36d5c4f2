"""Full disks, folders that must not be written to, folders that vanish: said clearly, and nothing of before is lost."""

import ctypes
import resource
import shutil
import sys
from contextlib import contextmanager
from subprocess import PIPE, Popen, run

import pytest
import torch

from ksiqa.data.image_index import ImageIndex
from ksiqa.errors import StorageError
from ksiqa.files import alone_in, write_whole
from ksiqa.inference.model_folder import save_model
from ksiqa.training.checkpoint_files import CheckpointFiles
from tests.inference.conftest import saved
from tests.runs import SMALL, rows, same_run, table_overrides, train, wait_for

TRAIN = [sys.executable, "-m", "ksiqa.train", *SMALL, "sharing=joint", "trainer.max_epochs=4"]
MAY_WRITE_ANYWHERE = 1  # the capability by which root passes over the rights of folders
DROP_FROM_BOUNDS = 24  # of prctl


@contextmanager
def _no_room(length):
    """Let this process, and those that it starts, write no file longer than ``length``, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _as_anyone():
    """Give up root's right to write everywhere, where there is one."""
    ctypes.CDLL(None).prctl(DROP_FROM_BOUNDS, MAY_WRITE_ANYWHERE, 0, 0, 0)


def _said(arguments, folder, before=None):
    done = run(arguments, cwd=folder, capture_output=True, text=True, check=False, preexec_fn=before, timeout=120)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_file_that_finds_no_room_leaves_the_old_one(tmp_path):
    file = tmp_path / "scores.csv"
    file.write_text("old")
    with _no_room(1000), pytest.raises(StorageError) as error, write_whole(file) as opened:
        opened.write("new" * 1000)
    assert error.value.found == f"{file}: File too large"
    assert error.value.do.startswith("make room, or choose another folder")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_checkpoint_that_finds_no_room_leaves_the_one_before(tmp_path):
    files, file = CheckpointFiles(), tmp_path / "last.ckpt"
    files.save_checkpoint({"weights": torch.ones(2)}, file)
    with _no_room(1000), pytest.raises(StorageError, match="File too large"):
        files.save_checkpoint({"weights": torch.ones(2000)}, file)
    assert files.load_checkpoint(file)["weights"].tolist() == [1, 1]
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_is_gone(tmp_path):
    text = "gone, which was removed while it was written to"
    with pytest.raises(StorageError, match=text), write_whole(tmp_path / "gone" / "scores.csv"):
        pass
    with pytest.raises(FileNotFoundError), write_whole(tmp_path / "scores.csv"):
        (tmp_path / "other.csv").read_text()  # an error of what is written is no error of writing


def test_what_a_killed_process_was_writing_goes_when_the_next_one_starts(tmp_path):
    left = tmp_path / "checkpoints" / "student" / ".last.ckpt.0123abcd.ksiqa-part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    (left.parent / "last.ckpt").write_bytes(b"whole")
    with alone_in(tmp_path):
        assert [file.name for file in left.parent.iterdir()] == ["last.ckpt"]


def test_an_output_that_is_a_folder(pairs, tmp_path):
    save_model(saved(), tmp_path / "model")
    (tmp_path / "scores.csv").mkdir()
    image = next(pairs.parent.glob("*.png"))
    command = [sys.executable, "-m", "ksiqa.predict", str(image), "--model", "model", "--output", "scores.csv"]
    text = _said(command, tmp_path)
    assert "StorageError\nfound: " in text
    assert "scores.csv: Is a directory\nexpected: " in text


def test_an_index_that_finds_no_room(tmp_path):
    index = ImageIndex(tmp_path / "index")
    index.folder.mkdir()
    (index.folder / "index.sqlite").mkdir()  # nothing can be written there
    with pytest.raises(StorageError, match="set cache=FOLDER to another one"):
        index.create()


@pytest.mark.long  # several trainings
def test_a_training_that_finds_no_room_goes_on_once_there_is_some(pairs, tmp_path):
    """A file may be as long as a config, and no longer than that: the first checkpoint finds no room."""
    told = [*table_overrides(pairs), f"cache={tmp_path / 'cache'}", "sharing=joint", "trainer.max_epochs=4"]
    train(tmp_path / "other", *told)  # and fills the cache, which is longer
    kept = {file: file.read_bytes() for file in (tmp_path / "other").rglob("*") if file.is_file()}
    with _no_room(100_000):
        text = _said([*TRAIN, *told, "hydra.run.dir=run"], tmp_path)
    assert "StorageError\nfound: " in text
    assert "File too large\nexpected: a folder with room, that can be written to; what was written before" in text
    assert "do: make room, or choose another folder; then repeat the command (a training: with +resume=auto)" in text
    assert all(file.read_bytes() == content for file, content in kept.items())
    assert not list((tmp_path / "run").rglob("*.ckpt"))
    train(tmp_path / "again", *told, f"+resume={tmp_path / 'run'}")
    same_run(tmp_path / "run", tmp_path / "other")


def test_a_folder_that_must_not_be_written_to(pairs, tmp_path):
    (tmp_path / "outputs").mkdir(mode=0o555)
    told = [*TRAIN, *table_overrides(pairs), f"cache={tmp_path / 'cache'}"]
    text = _said(told, tmp_path, _as_anyone)
    assert "StorageError\nfound: " in text
    assert "outputs/train: Permission denied\nexpected: a folder with room, that can be written to" in text
    (tmp_path / "cache").mkdir(mode=0o555)
    text = _said([*told, f"hydra.run.dir={tmp_path / 'run'}"], tmp_path, _as_anyone)
    assert "cache/images: Permission denied" in text


@pytest.mark.long  # a training of some epochs
def test_a_folder_that_vanishes_does_not_come_back_with_a_part_of_what_it_held(pairs, tmp_path):
    told = [*TRAIN, *table_overrides(pairs), f"cache={tmp_path / 'cache'}", "trainer.max_epochs=500"]
    folder = tmp_path / "run"
    process = Popen([*told, f"hydra.run.dir={folder}", "checkpoint.steps=1"], stdout=PIPE, stderr=PIPE, text=True)
    wait_for(lambda: (folder / "metrics.csv").exists() and len(rows(folder / "metrics.csv")) > 1, process)
    shutil.move(folder, tmp_path / "elsewhere")
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 2, said
    assert f"StorageError\nfound: {folder}" in said
    assert ", which was removed while it was written to" in said
    assert not folder.exists()
    assert len(rows(tmp_path / "elsewhere" / "metrics.csv")) > 1
