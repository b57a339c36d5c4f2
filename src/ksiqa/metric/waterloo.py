"""Tests that need no opinions: what a score makes of damage whose order is known.

Source: K. Ma et al., Waterloo Exploration Database: new challenges for image quality assessment models, IEEE
Transactions on Image Processing 26(2), 2017, section IV.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from ksiqa.errors import KsiqaError
from ksiqa.metric.correlation import srcc


def d_test(pristine: Float[ndarray, " pristine"], distorted: Float[ndarray, " distorted"]) -> float:
    """Return how well one threshold parts pristine from distorted images: the mean of both shares of right ones, at the
    best threshold; in [0.5, 1] (a score that is turned round has 0.5).

    Raises:
        KsiqaError: no image on a side.
    """
    if not len(pristine) or not len(distorted):
        raise KsiqaError(
            found=f"{len(pristine)} pristine and {len(distorted)} distorted images",
            expected="at least one of each",
            do="score both",
        )
    thresholds = np.append(np.unique(np.concatenate([pristine, distorted])), np.inf)  # at or above it: pristine
    right = (pristine[:, None] >= thresholds).mean(axis=0) + (distorted[:, None] < thresholds).mean(axis=0)
    return float(right.max() / 2)


def l_test(ladders: Sequence[Float[ndarray, " levels"]]) -> float:
    """Return the mean SRCC of scores with levels, each ladder's own; 1 where scores fall at every step.

    Args:
        ladders: scores of one content and kind of damage each, from the least damage to the most.

    Raises:
        KsiqaError: no ladder, or one of a single step.
    """
    if not ladders:
        raise KsiqaError(found="no ladder", expected="scores at rising damage", do="score some")
    return float(np.mean([srcc(-scores, np.arange(len(scores), dtype=np.float64)) for scores in ladders]))


def p_test(score: Float[ndarray, " images"], pairs: Int[ndarray, "pairs 2"]) -> float:
    """Return the share of pairs (better, worse) that a score puts in this order; equal scores do not.

    Raises:
        KsiqaError: no pair.
    """
    if not len(pairs):
        raise KsiqaError(found="no pair", expected="pairs that differ for sure", do="lower the margin, or score more")
    return float(np.mean(score[pairs[:, 0]] > score[pairs[:, 1]]))


def discriminable_pairs(measures: Float[ndarray, "measures images"], *, margin: float) -> Int[ndarray, "pairs 2"]:
    """Return all pairs (better, worse) of images on whose order every measure agrees, by a margin on its own scale.

    The source maps each measure to opinions on [0, 100] and takes a margin of 40. Here a measure's scale is the share
    of images that it puts below (ties share theirs), which needs no opinions: a margin of 0.4 is 40 of 100 images.

    Args:
        measures: full-reference measures, higher is better.
        margin: in (0, 1).
    """
    apart: Bool[ndarray, "images images"] = np.ones((measures.shape[1],) * 2, dtype=bool)
    for values in measures:
        below = np.searchsorted(np.sort(values), values) + np.searchsorted(np.sort(values), values, side="right")
        share = below / (2 * len(values))
        apart &= share[:, None] - share[None, :] >= margin - 1e-9  # 0.7 - 0.3 is 0.4
    return np.argwhere(apart)


def monotone(ladder: Float[ndarray, " levels"]) -> bool:
    """Tell whether scores fall at every step of a ladder, from the least damage to the most."""
    return bool((np.diff(ladder) < 0).all())
