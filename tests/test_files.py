import os
import signal
import subprocess
import sys

import pytest

from ksiqa.errors import FolderInUseError
from ksiqa.files import alone_in, wait_for

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
