"""Means over an epoch that survive its interruption."""

from collections.abc import Mapping

import torch.distributed
from jaxtyping import Float
from torch import Tensor


class EpochMeans:
    """Named figures of an epoch's steps, weighted by images: a mean is over the steps that have the figure.

    Lightning's own sums over an epoch are in no checkpoint, and wait for processes that have nothing to add.
    """

    def __init__(self) -> None:
        self.sums: dict[str, Float[Tensor, 2]] = {}  # of value x images, and of images

    def forget(self) -> None:
        """Start a new epoch."""
        self.sums = {}

    def add(self, figures: Mapping[str, Float[Tensor, ""]], *, images: int) -> None:
        """Add a step of so many images."""
        for name, figure in figures.items():
            value = figure.detach().double()
            step = torch.stack([value * images, torch.full_like(value, images)])
            self.sums[name] = step + self.sums[name].to(step.device) if name in self.sums else step

    def over_processes(self) -> dict[str, float]:
        """Return the means over all images of all processes, the same in each of them."""
        totals: dict[str, list[float]] = {}
        for sums in _of_all_processes({name: both.tolist() for name, both in self.sums.items()}):
            for name, both in sums.items():
                totals[name] = [total + one for total, one in zip(totals.get(name, [0.0, 0.0]), both, strict=True)]
        return {name: value / images for name, (value, images) in totals.items()}


def _of_all_processes(sums: dict[str, list[float]]) -> list[dict[str, list[float]]]:
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return [sums]
    found: list[dict[str, list[float]]] = [{} for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather_object(found, sums)
    return found
