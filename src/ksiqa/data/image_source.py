"""Where pixels come from: files as released, or pairs rendered on the fly."""

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


@runtime_checkable  # the tests execute annotations
class ImageSource(Protocol):
    """Scored images: their table, and the pixels of each row."""

    table: LabelTable

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


class FileImages:
    """Images read from the files that the table names.

    Args:
        table: the rows.
        keep: hold each image in memory once it is decoded (for sets that fit there).
    """

    def __init__(self, table: LabelTable, *, keep: bool) -> None:
        self.table = table
        self._kept: dict[str, UInt8[ndarray, "height width 3"]] | None = {} if keep else None

    @property
    def fingerprint(self) -> str:
        """Digest of the files' names, sizes and times of change."""
        digest = sha256()
        for column in ("image", "reference"):
            for name in self.table.frame[column].dropna():
                status = Path(name).stat()
                digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
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
            return Pair(distorted, None)
        reference = self._read(record["reference"])
        if reference.shape != distorted.shape:
            raise ImageError(
                found=f"{record['image']} of {_size(distorted)} and its reference {record['reference']} of"
                f" {_size(reference)}",
                expected="two images of the same size, aligned pixel by pixel",
                do="hand in the reference at the distorted image's size",
            )
        return Pair(distorted, reference)

    def _read(self, name: str) -> UInt8[ndarray, "height width 3"]:
        if self._kept is None:
            return read_image(Path(name))
        if name not in self._kept:
            self._kept[name] = read_image(Path(name))
        return self._kept[name]


def _size(image: UInt8[ndarray, "height width 3"]) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
