"""What is known of an image file once it was looked at, and what tells that it has changed since."""

from pathlib import Path
from typing import NamedTuple

from jaxtyping import UInt8
from numpy import ndarray

from ksiqa.errors import ImageError


class Stamp(NamedTuple):
    """What tells a file from one that was changed, without reading it."""

    length: int
    mtime_ns: int


class Known(NamedTuple):
    """What is known of a file: its absolute name, the size of its image, digests of its bytes and of its pixels; then
    the size and the place of the pixels that are kept of it (None: none are)."""

    name: str
    stamp: Stamp
    height: int
    width: int
    of_bytes: str
    of_pixels: str
    kept_height: int
    kept_width: int
    place: int | None = None

    @property
    def length(self) -> int:
        """Bytes of the pixels to keep."""
        return 3 * self.kept_height * self.kept_width


class Look(NamedTuple):
    """What is found in a file, to be added to the index."""

    known: Known
    thumbnail: UInt8[ndarray, "96 96"]
    pixels: UInt8[ndarray, "_ _ 3"] | None  # None: they are not to be kept


def stamp(name: str) -> Stamp:
    """Return a file's length and time of change.

    Raises:
        ImageError: no such file.
    """
    try:
        status = Path(name).stat()
    except FileNotFoundError:
        raise ImageError(
            found=f"no file {name}", expected="an image file", do="correct the path or restore the file"
        ) from None
    return Stamp(status.st_size, status.st_mtime_ns)
