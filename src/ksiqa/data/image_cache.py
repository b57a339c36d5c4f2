"""Decoded images for training: one memory-mapped file that ``ksiqa prepare`` makes, used wherever it exists.

Each image is checked against its source, by length and time of change. One that has changed before the cache is opened
is read from its file, which is said; one that changes later is an error: a run's images stay the same.
"""

import os
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from jaxtyping import UInt8
from numpy import ndarray
from rich.console import Console

from ksiqa.data.image_file import read_image
from ksiqa.data.image_index import ImageIndex
from ksiqa.data.image_source import Decoded, decoded
from ksiqa.data.known_file import stamp
from ksiqa.data.table import LabelTable
from ksiqa.data.transform import shrunk
from ksiqa.errors import DatasetError, ImageError

LAYOUT = 2  # raise it when what is kept, or how it is decoded, changes


def cache_folder(files: Sequence[str], *, name: str, short_side: int | None, cache: Path) -> Path:
    """Return where a set's decoded images lie: by the folder that holds all files, and by what is made of them."""
    home = os.path.commonpath([full_name(file) for file in files]) if files else ""
    key = repr((LAYOUT, PIL.__version__, home, short_side))
    return cache / "images" / f"{name}-{sha256(key.encode()).hexdigest()[:12]}"


def full_name(file: str) -> str:
    """Return a file's name from the root; links are not followed, so that a set keeps its names."""
    return os.path.abspath(file)  # noqa: PTH100  (Path.resolve follows links, Path.absolute keeps "..")


def decoded_reader(table: LabelTable, *, cache: Path, short_side: int | None) -> Callable[[str], Decoded]:
    """Return how a set's files are read: from their decoded images where ``ksiqa prepare`` has made them."""
    folder = cache_folder(table.files, name=table.facts.name, short_side=short_side, cache=cache)
    if not (folder / "index.sqlite").exists():
        return decoded
    return ImageCache(folder, files=table.files, short_side=short_side).read


class ImageCache:
    """Reads decoded images; those that are not there are read from their files, and made small in the same way."""

    def __init__(self, folder: Path, *, files: Sequence[str], short_side: int | None) -> None:
        """Open the cache of ``files``.

        Raises:
            DatasetError: it is damaged.
        """
        index = ImageIndex(folder)
        kept = {name: one for name, one in index.known().items() if one.place is not None}
        self._short_side, self._file = short_side, index.pixels
        self._kept = {name: kept[path] for name in files if (path := full_name(name)) in kept}
        self._map: UInt8[ndarray, " bytes"] | None = None  # opened by each process that reads
        end = max((one.place + one.length for one in self._kept.values() if one.place is not None), default=0)
        if end > index.pixels.stat().st_size:
            raise DatasetError(
                found=f"{index.pixels} of {index.pixels.stat().st_size:,} bytes",
                expected=f"at least the {end:,} bytes that its index tells of",
                do=f"delete the folder {folder}; ksiqa prepare makes it anew",
            )
        self._drop_changed()

    def read(self, name: str) -> Decoded:
        """Return a file's image, not to be written to.

        Raises:
            ImageError: the file changed since the cache was opened, or it is not kept and cannot be read.
        """
        one = self._kept.get(name)
        if one is None or one.place is None:
            pixels = read_image(Path(name))
            return Decoded(shrunk(pixels, short_side=self._short_side), (pixels.shape[0], pixels.shape[1]))
        if stamp(name) != one.stamp:
            raise ImageError(
                found=f"{name}, which was changed while it was in use",
                expected="the same image throughout a run",
                do="start again; ksiqa prepare renews the decoded images",
            )
        if self._map is None:
            self._map = np.memmap(self._file, dtype=np.uint8, mode="r")
        pixels = np.asarray(self._map[one.place : one.place + one.length])
        return Decoded(pixels.reshape(one.kept_height, one.kept_width, 3), (one.height, one.width))

    def __getstate__(self) -> dict[str, Any]:
        """Leave the map out: a process that is handed this object opens its own."""
        return {**self.__dict__, "_map": None}

    def _drop_changed(self) -> None:
        all_kept = len(self._kept)
        changed = [name for name, one in self._kept.items() if stamp(name) != one.stamp]
        for name in changed:
            del self._kept[name]
        if changed:
            Console(stderr=True).print(
                f"{len(changed)} of {all_kept} images, first {changed[0]}, have changed since they were decoded into"
                f" {self._file.parent}: they are read from their files. ksiqa prepare renews them.",
                soft_wrap=True,
                highlight=False,
                markup=False,
            )
