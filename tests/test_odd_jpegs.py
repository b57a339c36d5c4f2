"""JPEG files with oddities beside a sound picture: read, and no damage hides behind them."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ksiqa.data.image_file import read_image
from ksiqa.data.jpeg_file import SCAN_LIMIT
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.errors import ImageError
from tests.test_damaged_images import encoded, written

PHOTOGRAPH = Image.fromarray(demo_photographs()["chelsea"]).resize((240, 160))


def jpeg(**options: object) -> bytes:
    return encoded(PHOTOGRAPH, "JPEG", quality=90, **options)


SOUND = jpeg(restart_marker_rows=1)
RESTART = SOUND.index(b"\xff\xd0", SOUND.index(b"\xff\xda"))
TABLE = SOUND.index(b"\xff\xdb")  # the segment after the header of JFIF


def inserted(place: int, more: bytes) -> bytes:
    return SOUND[:place] + more + SOUND[place:]


def odd_spectrum(start: int, end: int, bits: int) -> bytes:
    place = SOUND.index(b"\xff\xda") + 11
    return SOUND[:place] + bytes([start, end, bits]) + SOUND[place + 3 :]


ODD = {
    "end of spectrum 0, as phones have written": odd_spectrum(0, 0, 0),
    "spectrum of nothing": odd_spectrum(63, 1, 0x31),
    "padding before a restart": inserted(RESTART, bytes(30)),
    "padding before every restart": re.sub(rb"(\xff[\xd0-\xd7])", bytes(30) + rb"\1", SOUND),
    "padding before the end": inserted(len(SOUND) - 2, b"\x55" * 40),
    "a zero between segments": inserted(TABLE, b"\0"),
    "padding between segments": inserted(TABLE, bytes(50)),
    "fill bytes between segments": inserted(TABLE, b"\xff" * 3),
    "a version of JFIF": SOUND.replace(b"JFIF\0\1", b"JFIF\0\7"),
    "half a profile": inserted(TABLE, b"\xff\xe2\0\x12ICC_PROFILE\0\5\2xx"),
    "an empty comment": inserted(TABLE, b"\xff\xfe\0\2"),
}
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "none, and more after the end": lambda content: content + SOUND[RESTART:] + bytes(100),
    "cut": lambda content: content[: len(content) // 2],
    "cut with end": lambda content: content[: len(content) // 2] + content[-2:],
    "overwritten": lambda content: content[:-3000] + np.random.default_rng(0).bytes(200) + content[-2800:],
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("odd", ODD)
def test_an_oddity_is_harmless_and_hides_no_damage(tmp_path: Path, odd: str, damage: str) -> None:
    path = written(tmp_path / "a.jpg", DAMAGE[damage](ODD[odd]))
    if damage.startswith("none"):
        np.testing.assert_array_equal(read_image(path), read_image(written(tmp_path / "b.jpg", SOUND)))
    else:
        with pytest.raises(ImageError, match=r"Corrupt JPEG data|Premature end"):
            read_image(path)


@pytest.mark.parametrize(("place", "stray"), [(TABLE, b"a"), (TABLE, b"abcdefgh"), (RESTART, b"abcdefgh")])
def test_stray_bytes_are_no_padding(tmp_path: Path, place: int, stray: bytes) -> None:
    with pytest.raises(ImageError, match=rf"{len(stray)} extraneous bytes before marker"):
        read_image(written(tmp_path / "a.jpg", inserted(place, stray)))


def test_data_before_the_end_twice_is_no_padding(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="extraneous bytes before marker 0xd9"):
        read_image(written(tmp_path / "a.jpg", inserted(len(SOUND) - 2, SOUND[-22:-2])))


@pytest.mark.parametrize("more", [bytes(50_000_000), b"\xff" * 20_000_000, b"\xff\xd0" * 5_000_000])
def test_much_before_and_after_the_end_takes_no_long_time(tmp_path: Path, more: bytes) -> None:
    """Hours where the time is that of its square."""
    stray = bytes(range(250)) * 16
    with pytest.raises(ImageError, match="extraneous bytes before marker"):
        read_image(written(tmp_path / "a.jpg", inserted(len(SOUND) - 2, stray) + more))
    with pytest.raises(ImageError, match="extraneous bytes before marker"):
        read_image(written(tmp_path / "a.jpg", inserted(len(SOUND) - 2, more + stray)))


@pytest.mark.parametrize("progressive", [False, True])
def test_only_the_scans_of_the_picture_itself_count(tmp_path: Path, progressive: bool) -> None:
    whole = jpeg(progressive=progressive)
    path = written(tmp_path / "a.jpg", whole + b"\xff\xda\0\2" * SCAN_LIMIT + np.random.default_rng(0).bytes(10**7))
    np.testing.assert_array_equal(read_image(path), np.array(Image.open(path)))


def test_a_progressive_file_of_many_scans_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    whole = jpeg(progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    path = written(tmp_path / "a.jpg", whole[:-2] + last * SCAN_LIMIT + whole[-2:])
    with pytest.raises(ImageError, match=f"more than {SCAN_LIMIT} scans"):
        read_image(path)
