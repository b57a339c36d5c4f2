"""Pristine photographs, from memory or from files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from ksiqa.data.image_file import SUFFIXES, check_names, images_in, read_image
from ksiqa.errors import DatasetError, ImageError


class Photographs:
    """Photographs by name, from memory or from files, cut to one size at their centre."""

    def __init__(
        self,
        given: Mapping[str, UInt8[ndarray, "_ _ 3"]] | Sequence[Path],
        *,
        size: tuple[int, int] | None,
        keep_in_memory: bool,
    ) -> None:
        """Take photographs by name, or paths whose stems become names; ``size`` is (height, width).

        Raises:
            DatasetError: none given, or two files of one stem.
        """
        self._size, self._keep = size, keep_in_memory
        self._arrays: dict[str, UInt8[ndarray, "_ _ 3"]] = {}
        if isinstance(given, Mapping):
            self.references = {name: name for name in given}
            self._arrays = {name: self._cut(name, image) for name, image in given.items()}
        else:
            self.references = _by_stem(given)
        if not self.references:
            raise DatasetError(
                found="no photographs", expected="one or more", do="name a folder that holds photographs"
            )

    def __getitem__(self, name: str) -> UInt8[ndarray, "height width 3"]:
        """Return a photograph's pixels.

        Raises:
            ImageError: it cannot be read, or is smaller than the size asked for.
        """
        if name in self._arrays:
            return self._arrays[name]
        image = self._cut(name, read_image(Path(self.references[name])))
        if self._keep:
            self._arrays[name] = image
        return image

    def _cut(self, name: str, image: UInt8[ndarray, "_ _ 3"]) -> UInt8[ndarray, "height width 3"]:
        if self._size is None:
            return image
        (height, width), (tall, wide) = image.shape[:2], self._size
        if height < tall or width < wide:
            raise ImageError(
                found=f"photograph {self.references[name]} of {width}x{height}",
                expected=f"at least {wide}x{tall}, the size of the crops (enlarging is itself a distortion)",
                do="ask for a smaller size, or take the photograph out",
            )
        top, left = (height - tall) // 2, (width - wide) // 2
        return np.ascontiguousarray(image[top : top + tall, left : left + wide])


def photographs_in(folder: Path) -> list[Path]:
    """List the image files of a folder and its subfolders, sorted.

    Raises:
        DatasetError: no such folder, no image files in it, or a name that is not UTF-8.
    """
    if not folder.is_dir():
        raise DatasetError(found=f"no folder {folder}", expected="a folder of photographs", do="set data.root to one")
    paths = images_in(folder)
    if not paths:
        raise DatasetError(
            found=f"no image in {folder}",
            expected="photographs named " + ", ".join(f"*{suffix}" for suffix in sorted(SUFFIXES)),
            do="set data.root to a folder that holds photographs",
        )
    check_names(paths)
    return paths


def is_grey(image: UInt8[ndarray, "height width 3"]) -> bool:
    """Tell whether the three channels are equal everywhere."""
    return bool((image == image[:, :, :1]).all())


def _by_stem(paths: Sequence[Path]) -> dict[str, str]:
    named: dict[str, str] = {}
    for path in paths:
        if path.stem in named:
            raise DatasetError(
                found=f"{named[path.stem]} and {path}",
                expected="a name of its own for every photograph: by it splits keep contents apart",
                do="rename one of them",
            )
        named[path.stem] = str(path)
    return named
