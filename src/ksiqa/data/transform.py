"""Which part of an image is looked at: seeded crops in training, fixed views when scoring.

Resizing is a distortion: the aspect is kept, an image is only ever made smaller, and only where the experiment says so.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

from ksiqa.errors import ImageError, choice, whole_number

FINEST_GRID = 32  # crops a direction: a thousand views an image
Pixels = UInt8[ndarray, "_ _ 3"]  # height, width: a function may take one size and return another


@dataclass(frozen=True)
class Crop:
    """A rectangle of an image, flipped left to right or not."""

    top: int
    left: int
    height: int
    width: int
    flip: bool = False

    def cut(self, image: Pixels) -> UInt8[ndarray, "rows columns 3"]:
        """Return the part of the image."""
        part = image[self.top : self.top + self.height, self.left : self.left + self.width]
        return part[:, ::-1] if self.flip else part


def random_crop(size: tuple[int, int], *, side: int, rng: np.random.Generator, cell: int = 1) -> Crop:
    """Draw a square crop of ``side`` from an image of (height, width), flipped in half of the cases.

    Raises:
        ImageError: the image is smaller; it says which multiple of ``cell`` (pixels a token covers) would fit.
    """
    _check_fits(size, side, do=_smaller(size, cell))
    top, left = (int(rng.integers(length - side + 1)) for length in size)
    return Crop(top, left, side, side, flip=bool(rng.integers(2)))


def every(length: int, stride: int, *, rng: np.random.Generator) -> slice:
    """Draw every ``stride``-th of so many places, from one of the first; as many in each draw, one at least."""
    count = max(1, length // stride)
    start = int(rng.integers(min(stride, length)))
    return slice(start, start + stride * (count - 1) + 1, stride)


def fixed_views(size: tuple[int, int], *, kind: str, side: int, grid: int, cell: int) -> list[Crop]:
    """Return the views by which an image of (height, width) is scored, the same each time.

    Args:
        size: height and width.
        kind: ``whole`` (the image, trimmed evenly to a multiple of ``cell``) or ``grid`` (``grid`` x ``grid`` crops of
            ``side``, spread evenly from edge to edge; 1 is the centre).
        side: of a crop.
        grid: crops a direction.
        cell: pixels a token covers.

    Raises:
        ConfigError: no such views.
        ImageError: the image is smaller than a crop or a token.
    """
    check_views(kind=kind, grid=grid)
    if kind == "whole":
        _check_fits(size, cell, do="leave the image out")
        height, width = (length - length % cell for length in size)
        return [Crop((size[0] - height) // 2, (size[1] - width) // 2, height, width)]
    _check_fits(size, side, do=_smaller(size, cell))
    tops, lefts = (_spread(length - side, grid) for length in size)
    return [Crop(top, left, side, side) for top in tops for left in lefts]


def check_views(*, kind: str, grid: int) -> None:
    """See whether there are such views as ``fixed_views`` is asked for.

    Raises:
        ConfigError: there are not.
    """
    choice(kind, allowed=("whole", "grid"), name="data.views.kind")
    whole_number(grid, least=1, most=FINEST_GRID, name="data.views.grid")


def shrunk(image: Pixels, *, short_side: int | None) -> UInt8[ndarray, "rows columns 3"]:
    """Bring the short side of a larger image to ``short_side``; a smaller one stays as it is, as does any for None."""
    height, width = shrunk_size(image.shape[:2], short_side=short_side)
    if (height, width) == image.shape[:2]:
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def shrunk_size(size: tuple[int, int], *, short_side: int | None) -> tuple[int, int]:
    """Return the height and width to which ``shrunk`` brings an image of such."""
    if short_side is None or min(size) <= short_side:
        return size
    factor = short_side / min(size)
    return round(size[0] * factor), round(size[1] * factor)


def smaller(one: int | None, other: int | None) -> int | None:
    """Return the smaller of two short sides, of which None makes nothing smaller."""
    return min((side for side in (one, other) if side is not None), default=None)


def _spread(room: int, count: int) -> list[int]:
    return [room // 2] if count == 1 else [round(room * place / (count - 1)) for place in range(count)]


def _smaller(size: tuple[int, int], cell: int) -> str:
    fits = min(size) // cell * cell
    return f"set data.crop to {fits} or less, or leave the image out" if fits else "leave the image out"


def _check_fits(size: tuple[int, int], side: int, *, do: str) -> None:
    if min(size) < side:
        raise ImageError(
            found=f"an image of {size[1]}x{size[0]}",
            expected=f"at least {side}x{side} pixels",
            do=do,
        )
