"""Patchworks: images of a training step in which some tokens are another image's, scored by the share of each.

A score of a whole photograph says little of its places. Where a mean of two photographs' scores has to come out of
their tokens together, in any arrangement, tokens must be judged by themselves. After CutMix (Yun et al., ICCV 2019),
which puts a rectangle of one image into another, for classes; single tokens, their features and scores are our choice.
On validation parts of LIVEC, with frozen backbones, it was worth .008 SRCC to models that look at tokens and nothing to
the pooled one; on its folds that does not show (``experiments/livec``). Off by default.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ksiqa.batch import Extracted, View


@dataclass(frozen=True)
class Patchwork:
    """Of which other image of the batch each image has tokens, and which tokens are its own."""

    other: Int[Tensor, " images"]
    own: Bool[Tensor, "images height width"]

    def of_features(self, seen: Extracted) -> Extracted:
        """Return the features of the patchworks."""
        return Extracted(torch.where(self.own.unsqueeze(-1), seen.features, seen.features[self.other]), None)

    def of_scores(self, score: Float[Tensor, " images"]) -> Float[Tensor, " images"]:
        """Return their scores: means of two, weighted by their tokens."""
        return torch.lerp(score[self.other], score, self.own.to(score.dtype).mean(dim=(1, 2)))


def patchwork(view: View, *, cell: int, seed: Sequence[int]) -> Patchwork:
    """Draw the patchworks of a batch of images, each once: half of an image's tokens or more stay its own.

    Args:
        view: the images.
        cell: pixels a side that a token covers.
        seed: of the draw, such as a run's seed and the step.
    """
    if view.image is None:
        known = next(iter(view.known.values()))
        grid, device = known.shape[1:3], known.device
    else:
        rows, columns = view.image.shape[2:]
        grid, device = torch.Size((rows // cell, columns // cell)), view.image.device
    rng = np.random.default_rng(list(seed))
    other, share = rng.permutation(len(view)), rng.uniform(0.5, 1.0, (len(view), 1, 1))
    own = rng.random((len(view), *grid)) < share
    return Patchwork(*(torch.from_numpy(one).to(device, non_blocking=True) for one in (other, own)))
