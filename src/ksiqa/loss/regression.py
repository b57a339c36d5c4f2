"""How far predicted scores are from their targets. All scores are in [0, 1], higher is better."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

# A tenth of the scale, about the spread of single opinions around a mean one: differences inside it are
# squared, those beyond count by their size only.
BETA = 0.1
# Batches whose standard deviation is under a thousandth of the scale carry no order that raters could see.
# Below it the correlation's gradient, which grows as 1/std, stays bounded; above it nothing changes.
FLOOR = 1e-3


def mse(score: Float[Tensor, " batch"], target: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Mean squared difference."""
    return functional.mse_loss(score, target)


def smooth_l1(score: Float[Tensor, " batch"], target: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Mean of d²/(2 BETA) where |d| < BETA, else |d| - BETA/2.

    Source: Girshick, "Fast R-CNN", ICCV 2015, eq. 3, with the bend at BETA instead of 1.
    """
    return functional.smooth_l1_loss(score, target, beta=BETA)


def plcc(score: Float[Tensor, " batch"], target: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """1 - Pearson's correlation within the batch, in [0, 2]; it knows no scale.

    One image has no correlation: 0 with zero gradient. A constant batch of scores gives 1, with a bounded
    gradient that points along the targets; constant targets give 1 with zero gradient.
    """
    if len(score) < 2:
        return 0.0 * score.sum()
    x, y = (v.to(torch.promote_types(v.dtype, torch.float32)) for v in (score, target))
    x, y = x - x.mean(), y - y.mean()
    # Clamping before the root: the root's own gradient at zero is infinite.
    deviations = (x.square().mean().clamp(min=FLOOR**2) * y.square().mean().clamp(min=FLOOR**2)).sqrt()
    return 1 - (x * y).mean() / deviations


def rank(score: Float[Tensor, " batch"], target: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Hinge over all pairs with different targets: a pair's scores should be as far apart as its targets.

    The mean of max(0, (t_i - t_j) - (s_i - s_j)) over pairs with t_i > t_j, so it is 0 where score = target,
    and a pair of nearly equal targets asks for nearly nothing. Without such a pair: 0 with zero gradient.
    Source: the ranking hinge of Herbrich, Graepel and Obermayer (2000); the targets' gap as margin is ours.
    """
    x, y = (v.to(torch.promote_types(v.dtype, torch.float32)) for v in (score, target))
    gap = y[:, None] - y[None, :]
    ordered = gap > 0
    short = functional.relu(gap - (x[:, None] - x[None, :]))
    return (short * ordered).sum() / ordered.sum().clamp(min=1)
