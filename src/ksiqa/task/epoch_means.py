"""Means over an epoch that survive its interruption."""

from collections.abc import Mapping, Sequence
from math import nan
from typing import TypeVar

import torch.distributed
from jaxtyping import Float
from torch import Tensor

from ksiqa.data.sampling import place_among_processes

Totals = dict[str, list[float]]  # of value x images, and of images, by name
Value = TypeVar("Value")


class EpochMeans:
    """Named figures of an epoch's steps, weighted by images: a mean is over the steps that have the figure.

    Lightning's own sums over an epoch are in no checkpoint, and wait for processes that have nothing to add.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Float[Tensor, 2]] = {}

    def forget(self) -> None:
        """Start a new epoch."""
        self._sums = {}

    def go_on(self, totals: Sequence[Totals]) -> None:
        """Start with what each process had come to; where these were more or fewer, the first one takes it all."""
        rank, processes = place_among_processes()
        mine = totals[rank] if len(totals) == processes else _added(totals) if rank == 0 else {}
        self._sums = {name: torch.tensor(both, dtype=torch.float64) for name, both in mine.items()}

    def add(self, figures: Mapping[str, Float[Tensor, ""]], *, images: int) -> None:
        """Add a step of so many images."""
        for name, figure in figures.items():
            value = figure.detach().double()
            step = torch.stack([value * images, torch.full_like(value, images)])
            self._sums[name] = step + self._sums[name].to(step.device) if name in self._sums else step

    def so_far(self, name: str) -> float:
        """Return the mean of a figure over this process's images; NaN before the first step."""
        value, images = self._sums[name].tolist() if name in self._sums else (nan, 1)
        return float(value / images)

    def totals(self) -> list[Totals]:
        """Return the sums of each process, all of them in each."""
        return of_all_processes({name: both.tolist() for name, both in self._sums.items()})

    def means(self) -> dict[str, float]:
        """Return the means over all images of all processes, the same in each of them."""
        return {name: value / images for name, (value, images) in _added(self.totals()).items()}


def of_all_processes(value: Value) -> list[Value]:
    """Return what each process that trains has for ``value``, by rank; all of them must ask."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return [value]
    found = [value] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(found, value)
    return found


def _added(totals: Sequence[Totals]) -> Totals:
    found: Totals = {}
    for sums in totals:
        for name, both in sums.items():
            found[name] = [total + one for total, one in zip(found.get(name, [0.0, 0.0]), both, strict=True)]
    return found
