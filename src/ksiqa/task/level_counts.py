"""How many images of a part a model puts into each level of quality."""

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics import Metric


class LevelCounts(Metric):
    """The sum of the images' level probabilities: how many images are expected in each level.

    Args:
        levels: of the ordinal head.
    """

    full_state_update = False
    counts: Tensor

    def __init__(self, *, levels: int) -> None:
        super().__init__()
        self.add_state("counts", default=torch.zeros(levels), dist_reduce_fx="sum")

    def update(self, probabilities: Float[Tensor, "views levels"], *, views: int) -> None:
        """Add a batch's level probabilities, ``views`` rows an image."""
        self.counts += probabilities.detach().float().sum(dim=0) / views

    def compute(self) -> Float[Tensor, " levels"]:
        """Return the counts over all images of all processes."""
        return self.counts
