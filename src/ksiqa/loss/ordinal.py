"""Ordinal regression: is the level above k, for every threshold k?

K levels 0 ... K-1 have K-1 thresholds; threshold k asks for P(level > k), k = 0 ... K-2. Both losses are a
sum over the thresholds for each image, then a mean over the batch: the published weight 0.005 (AGAIQA) is for
such a sum. Every image counts at threshold 0, so the lowest level is trained like any other.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional


def levels_of(target: Float[Tensor, " batch"], edges: Float[Tensor, " inner_edges"]) -> Int[Tensor, " batch"]:
    """The level of each target: the number of inner edges below it.

    K - 1 rising inner edges make K levels. A level is closed on its right: a target equal to an edge belongs
    to the level under it. Targets beyond the scale fall into the outer levels.
    """
    return torch.bucketize(target, edges, right=False)


def dorn(logits: Float[Tensor, "batch thresholds 2"], levels: Int[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Two-class cross entropy of [level > k], each threshold with a pair of logits (not above, above).

    Source: Fu et al., "Deep Ordinal Regression Network for Monocular Depth Estimation", CVPR 2018, eq. 2-3.
    """
    above = _above(levels, logits.shape[1])
    return functional.cross_entropy(logits.flatten(0, 1), above.flatten().long(), reduction="sum") / len(levels)


def corn(logits: Float[Tensor, "batch thresholds"], levels: Int[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Cross entropy of P(level > k | level > k-1), each threshold over the images its condition holds for.

    An image outside a threshold's condition adds 0 to that threshold. The authors divide by the number of
    conditioned images instead; dividing by the batch keeps an image's loss independent of the others.
    Source: Shi, Cao and Raschka, "Deep Neural Networks for Rank-Consistent Ordinal Regression Based on
    Conditional Probabilities" (CORN), arXiv 2111.08851, 2021.
    """
    above = _above(levels, logits.shape[1])
    reached = functional.pad(above[:, :-1], (1, 0), value=True)  # level > k-1, true of every image at k = 0
    losses = functional.binary_cross_entropy_with_logits(logits, above.to(logits.dtype), reduction="none")
    return (losses * reached).sum() / len(levels)


def _above(levels: Int[Tensor, " batch"], thresholds: int) -> Bool[Tensor, "batch thresholds"]:
    return levels[:, None] > torch.arange(thresholds, device=levels.device)
