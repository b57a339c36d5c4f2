"""Where pixels come from: files as released, or pairs rendered on the fly."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from jaxtyping import UInt8
from numpy import ndarray

from ksiqa.data.image_file import image_size, read_image
from ksiqa.data.table import LabelTable
from ksiqa.errors import ImageError


class Pair(NamedTuple):
    """A distorted image and, where the set has one, its reference; RGB, the same size."""

    distorted: UInt8[ndarray, "height width 3"]
    reference: UInt8[ndarray, "height width 3"] | None


class Bad(NamedTuple):
    """An image that cannot be used and is left out, the part that it is missing from, and why."""

    part: str
    image: str
    why: str


@runtime_checkable  # the tests execute annotations
class ImageSource(Protocol):
    """Scored images: their table, and the pixels of each row; ``bad`` are files of which no row could be made."""

    table: LabelTable
    bad: Sequence[Bad]

    @property
    def fingerprint(self) -> str:
        """A text that changes when any pixel may have changed."""
        ...

    def size(self, row: int) -> tuple[int, int]:
        """Return height and width of a row's image."""
        ...

    def load(self, row: int) -> Pair:
        """Return the pixels of a row of the table."""
        ...


class Decoded(NamedTuple):
    """A file's image: its pixels, and the height and width that it has in the file (a cache may hold it smaller)."""

    pixels: UInt8[ndarray, "height width 3"]
    size: tuple[int, int]


def decoded(name: str) -> Decoded:
    """Decode a file.

    Raises:
        ImageError: see ``read_image``.
    """
    pixels = read_image(Path(name))
    return Decoded(pixels, (pixels.shape[0], pixels.shape[1]))


class FileImages:
    """Images of the files that the table names.

    Args:
        table: the rows.
        keep: hold each image in memory once it is decoded (for sets that fit there).
        read: where a file's pixels come from: the file itself, or the cache of decoded images.
    """

    bad: Sequence[Bad] = ()  # each file has its row: which of them can be used is seen once there is a split

    def __init__(self, table: LabelTable, *, keep: bool, read: Callable[[str], Decoded] = decoded) -> None:
        self.table = table
        self._decoded = read
        self._kept: dict[str, Decoded] | None = {} if keep else None

    @property
    def fingerprint(self) -> str:
        """Digest of the files' names, sizes and times of change."""
        digest = sha256()
        for pair in zip(self.table.frame["image"], self.table.frame["reference"], strict=True):
            for name in pair:  # by row: which image a reference belongs to counts, too
                told = "none"
                if isinstance(name, str):
                    status = Path(name).stat()
                    told = f"{name} {status.st_size} {status.st_mtime_ns}"
                digest.update(f"{told}\n".encode())
        return digest.hexdigest()

    def size(self, row: int) -> tuple[int, int]:
        """Return height and width of a row's image."""
        width, height = image_size(Path(self.table.frame["image"].iloc[row]))
        return height, width

    def load(self, row: int) -> Pair:
        """Read the image of a row and its reference.

        Raises:
            ImageError: a file cannot be read, or reference and distorted image differ in size.
        """
        record = self.table.frame.iloc[row]
        distorted = self._read(record["image"])
        if not isinstance(record["reference"], str):
            return Pair(distorted.pixels, None)
        reference = self._read(record["reference"])
        if reference.size != distorted.size:
            raise unequal(record["image"], distorted.size, record["reference"], reference.size)
        return Pair(distorted.pixels, reference.pixels)

    def _read(self, name: str) -> Decoded:
        if self._kept is None:
            return self._decoded(name)
        if name not in self._kept:
            self._kept[name] = self._decoded(name)
        return self._kept[name]


def unequal(image: str, size: tuple[int, int], reference: str, wanted: tuple[int, int]) -> ImageError:
    """Return the error of a reference whose height and width are not its image's."""
    return ImageError(
        found=f"{image} of {size[1]}x{size[0]} and its reference {reference} of {wanted[1]}x{wanted[0]}",
        expected="two images of the same size, aligned pixel by pixel",
        do="hand in the reference at the distorted image's size",
    )
