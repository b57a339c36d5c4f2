import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress

import pytest

from ksiqa.errors import FolderInUseError
from ksiqa.files import alone_in, kept_if_begun, wait_for

HOLD = """
import sys
from pathlib import Path
from ksiqa.files import alone_in
with alone_in(Path(sys.argv[1])):
    print(flush=True)
    input()
"""


def test_a_folder_is_one_processs_own_until_that_is_killed(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    other.stdout.readline()
    with pytest.raises(FolderInUseError) as error, alone_in(tmp_path):
        pass
    assert error.value.found == str(tmp_path)
    os.kill(other.pid, signal.SIGKILL)
    wait_for(tmp_path)
    with alone_in(tmp_path):
        pass
    other.communicate()


def test_of_a_start_that_fails_its_own_files_go_and_nothing_else(tmp_path):
    @contextmanager
    def begun(folder):
        folder.mkdir()
        with kept_if_begun(folder, begun="checkpoints", own=("config.yaml", "split")):
            (folder / "split").mkdir()
            for name in ("config.yaml", "split/train.txt"):
                (folder / name).write_text("")
            yield

    def fail(folder, *names):
        with suppress(RuntimeError), begun(folder):
            for name in names:
                (folder / name).write_text("")
            raise RuntimeError

    fail(tmp_path / "alone")
    assert not (tmp_path / "alone").exists()
    fail(tmp_path / "shared", "theirs.txt")
    assert [one.name for one in (tmp_path / "shared").iterdir()] == ["theirs.txt"]
    fail(tmp_path / "begun", "checkpoints")
    assert sorted(one.name for one in (tmp_path / "begun").iterdir()) == ["checkpoints", "config.yaml", "split"]
