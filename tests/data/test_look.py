"""Looking a set over: bounded, cut off at any moment, by several at once."""

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ksiqa.data.image_cache import ImageCache
from ksiqa.data.image_file import read_image
from ksiqa.data.transform import shrunk
from tests.data.prepared import looked_over, write_photographs

COUNT = 120
LOOK = """
import sys
from pathlib import Path
from tests.data.prepared import looked_over
looked_over(sorted(map(str, Path(sys.argv[1]).glob("*.jpg"))), Path(sys.argv[2]), short_side=240, workers=1)
"""


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    return write_photographs(tmp_path_factory.mktemp("photographs") / "set", count=COUNT, size=(400, 300))


def _started(photographs, cache):
    command = [sys.executable, "-c", LOOK, str(Path(photographs[0]).parent), str(cache)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE)


def _are_right(files, index):
    """Compare all pixels that are kept with the files, and count them."""
    cache = ImageCache(index.folder, files=files, short_side=240)
    for file in files:
        np.testing.assert_array_equal(cache.read(file).pixels, shrunk(read_image(Path(file)), short_side=240))
    return len(cache._kept)


def test_a_look_that_is_killed_goes_on_and_loses_nothing(photographs, tmp_path):
    index = looked_over(photographs[:2], tmp_path, short_side=240)[0]
    kept = 0
    for _ in range(3):
        process = _started(photographs, tmp_path)
        before = len(index.known())
        deadline = time.monotonic() + 60
        while len(index.known()) == before and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(0.01 * np.random.default_rng().random())
        process.send_signal(signal.SIGKILL)
        process.communicate()
        now = _are_right(photographs, index)
        assert now > kept
        kept = now
    index, known, broken = looked_over(photographs, tmp_path, short_side=240)
    assert not broken
    assert len(known) == _are_right(photographs, index) == COUNT
    places = sorted((one.place, one.length) for one in known.values())
    assert all(place + length <= after for (place, length), (after, _) in pairwise(places))


def test_several_at_once_lose_nothing(photographs, tmp_path):
    processes = [_started(photographs, tmp_path) for _ in range(3)]
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    index, known, _ = looked_over(photographs, tmp_path, short_side=240)
    assert _are_right(photographs, index) == COUNT
    assert index.used() == sum(one.length for one in known.values())  # each image once


def test_room_is_bounded_and_more_room_is_used(photographs, tmp_path):
    files, each = photographs[:8], 400 * 300 * 3
    index, known, _ = looked_over(files, tmp_path, limit=3 * each + 5)
    assert index.used() == index.pixels.stat().st_size == 3 * each
    assert sum(one.place is not None for one in known.values()) == 3
    index, known, _ = looked_over(files, tmp_path, limit=5 * each)
    assert sum(one.place is not None for one in known.values()) == 5
    index, known, _ = looked_over(files, tmp_path, limit=0)
    assert sum(one.place is not None for one in known.values()) == 5


def test_a_file_is_looked_at_once(photographs, tmp_path):
    looked_over(photographs[:6], tmp_path)
    (index,) = (tmp_path / "images").glob("*/index.sqlite")
    first = index.read_bytes()
    looked_over(photographs[:6], tmp_path)
    assert index.read_bytes() == first


def test_a_changed_file_is_looked_at_again(tmp_path):
    files = write_photographs(tmp_path / "set", count=3)
    _, before, _ = looked_over(files, tmp_path)
    Image.new("RGB", (30, 20)).save(files[0])
    os.utime(files[2])  # the same, saved again
    _, after, _ = looked_over(files, tmp_path)
    assert (after[files[0]].height, after[files[0]].width) == (20, 30)
    assert after[files[1]] == before[files[1]]
    assert after[files[2]].of_pixels == before[files[2]].of_pixels


def test_what_cannot_be_read_is_told_and_read_again_once_mended(tmp_path):
    files = write_photographs(tmp_path / "set", count=3)
    sound = Path(files[1]).read_bytes()
    Path(files[1]).write_bytes(sound[:200])
    _, known, broken = looked_over(files, tmp_path)
    assert set(known) == {files[0], files[2]}
    assert list(broken) == [files[1]]
    assert "restore the file" in broken[files[1]]
    Path(files[1]).write_bytes(sound)
    _, known, broken = looked_over(files, tmp_path)
    assert len(known) == 3
    assert not broken


def test_png_bytes_under_a_jpg_name(tmp_path):
    files = write_photographs(tmp_path / "set", count=1)
    with Image.open(files[0]) as image:
        image.save(files[0], "PNG")
    _, known, broken = looked_over(files, tmp_path)
    assert list(known) == files
    assert not broken
