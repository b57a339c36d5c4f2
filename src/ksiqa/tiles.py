"""Large images in overlapping tiles: memory stays bounded, and the cost grows with the pixels, not with their square.

Attention compares all tokens with one another, and the backbones learned from small images. A grid of up to ``WHOLE``
tokens a side is taken as it is; along a longer side it is cut into tiles of ``SIDE`` tokens that overlap by
``OVERLAP`` or more, and each token is taken from the tile in which it is farther from the edge. Where a token is made
of several patches a side, a backbone's tiles have as many fewer tokens: attention compares its patches.
"""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ksiqa.batch import Features

WHOLE, SIDE, OVERLAP = 80, 64, 8  # tokens; 80 are 1,120 pixels with a patch of 14


class Span(NamedTuple):
    """A tile along one side, from ``start`` to ``stop``, and what is kept of it, in tokens of the whole."""

    start: int
    stop: int
    first: int
    end: int

    @property
    def kept(self) -> slice:
        """What is kept, in tokens of the tile."""
        return slice(self.first - self.start, self.end - self.start)


def spans(length: int, *, pool: int = 1) -> list[Span]:
    """Return the tiles along a side of so many tokens, each of ``pool`` patches."""
    side, overlap = SIDE // pool, OVERLAP // pool
    if length <= WHOLE // pool:
        return [Span(0, length, 0, length)]
    count = -(-(length - overlap) // (side - overlap))
    starts = [round(place * (length - side) / (count - 1)) for place in range(count)]
    seams = [(one + side + after) // 2 for one, after in itertools.pairwise(starts)]
    edges = [0, *seams, length]
    return [Span(start, start + side, *edges[place : place + 2]) for place, start in enumerate(starts)]


def in_tiles(function: Callable[..., Features], *grids: Tensor, cell: int = 1, pool: int = 1) -> Features:
    """Apply a function to grids, tile by tile where they are large, and put the results together.

    Args:
        function: from grids of one size to features on the same grid of tokens.
        grids: (batch, height, width, channels), of ``cell`` x ``cell`` places a token.
        cell: 1 where the grids are of tokens.
        pool: patches a token side, where the function compares patches.
    """
    rows, columns = (spans(length // cell, pool=pool) for length in grids[0].shape[1:3])
    if len(rows) == len(columns) == 1:
        return function(*grids)
    bands = []
    for row in rows:
        band = []
        for column in columns:
            parts = [
                grid[:, row.start * cell : row.stop * cell, column.start * cell : column.stop * cell] for grid in grids
            ]
            band.append(function(*parts)[:, row.kept, column.kept])
        bands.append(torch.cat(band, dim=2))
    return torch.cat(bands, dim=1)
