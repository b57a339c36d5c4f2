"""Means over an epoch that survive its interruption."""

from collections.abc import Mapping

import torch.distributed
from jaxtyping import Float
from torch import Tensor

Totals = dict[str, list[float]]  # of value x images, and of images, by name


class EpochMeans:
    """Named figures of an epoch's steps, weighted by images: a mean is over the steps that have the figure.

    Lightning's own sums over an epoch are in no checkpoint, and wait for processes that have nothing to add.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Float[Tensor, 2]] = {}

    def forget(self) -> None:
        """Start a new epoch."""
        self._sums = {}

    def go_on(self, totals: Totals, *, first: bool) -> None:
        """Start with what all processes had come to; the first one alone keeps it."""
        self._sums = {name: torch.tensor(both, dtype=torch.float64) for name, both in totals.items()} if first else {}

    def add(self, figures: Mapping[str, Float[Tensor, ""]], *, images: int) -> None:
        """Add a step of so many images."""
        for name, figure in figures.items():
            value = figure.detach().double()
            step = torch.stack([value * images, torch.full_like(value, images)])
            self._sums[name] = step + self._sums[name].to(step.device) if name in self._sums else step

    def totals(self) -> Totals:
        """Return the sums over all processes, the same in each of them."""
        found: Totals = {}
        for sums in _of_all_processes({name: both.tolist() for name, both in self._sums.items()}):
            for name, both in sums.items():
                found[name] = [total + one for total, one in zip(found.get(name, [0.0, 0.0]), both, strict=True)]
        return found

    def means(self) -> dict[str, float]:
        """Return the means over all images of all processes, the same in each of them."""
        return {name: value / images for name, (value, images) in self.totals().items()}


def _of_all_processes(sums: Totals) -> list[Totals]:
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return [sums]
    found: list[Totals] = [{} for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather_object(found, sums)
    return found
