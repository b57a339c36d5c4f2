"""Whether one model is better than another: paired differences in SRCC over the same test parts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64, Int, Int64
from numpy import ndarray
from scipy import stats

from ksiqa.errors import KsiqaError
from ksiqa.metric.correlation import srcc

LEVEL = 0.95
CHUNK = 100  # draws at a time: bounds the memory of large parts


class Part(NamedTuple):
    """One test part, scored by two models, each trained with one seed or several."""

    label: Float[ndarray, " rows"]
    first: Float[ndarray, "seeds rows"]
    second: Float[ndarray, "other_seeds rows"]
    unit: Int64[ndarray, " rows"]  # number from 0 of what is drawn: the image, the same in all parts, or its content


class Difference(NamedTuple):
    """A mean paired difference with its 95% interval."""

    mean: float
    low: float
    high: float


class Tested(NamedTuple):
    """The same, and the chance of a difference as large where there is none (two-sided)."""

    mean: float
    low: float
    high: float
    p: float


def paired_bootstrap(parts: Sequence[Part], *, draws: int, seed: int) -> Difference:
    """Return the mean over parts of SRCC(first) - SRCC(second), with its bootstrap interval.

    SRCC is taken within a part and averaged over seeds. Each draw takes as many units as there are, with replacement;
    both models and all parts see the same draw: parts of two repeats, and random ones, share images, and draws of
    their own would take one image's luck for two. The interval (percentiles) is about the trained models on other
    images like these; it knows nothing of other training images (``corrected_t`` does) or seeds.

    Source: Efron and Tibshirani, An introduction to the bootstrap (1993), chapters 8 and 13.

    Args:
        parts: the test parts.
        draws: some thousand.
        seed: of the draws; the same seed gives the same interval.

    Raises:
        KsiqaError: no part, fewer than two rows in one, or a value that is not finite.
    """
    if not parts:
        raise KsiqaError(found="no part", expected="at least one part that both models were tested on", do="add runs")
    units = 1 + max(int(part.unit.max()) for part in parts)
    rng = np.random.default_rng(seed)
    differences: list[Float64[ndarray, " chunk"]] = []
    for first in range(0, draws, CHUNK):
        size = min(CHUNK, draws - first)
        times = rng.multinomial(units, np.full(units, 1 / units), size=size)
        differences.append(np.mean([_redrawn(part, times[:, part.unit]) for part in parts], axis=0))
    low, high = np.quantile(np.concatenate(differences), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Difference(float(np.mean([part_difference(part) for part in parts])), float(low), float(high))


def part_difference(part: Part) -> float:
    """Return SRCC(first) - SRCC(second) within a part, each the mean over its seeds; ``Raises`` as ``srcc``."""
    means = [np.mean([srcc(score, part.label) for score in scores]) for scores in (part.first, part.second)]
    return float(means[0] - means[1])


def corrected_t(differences: Float[ndarray, " parts"], *, ratio: float) -> Tested:
    """Return the mean of k paired differences, with the interval and p (two-sided) of the corrected resampled t test.

    t = mean(d) / sqrt((1 / k + n_test / n_train) var(d)) with k - 1 degrees of freedom. Training parts overlap, so
    the differences are no independent sample: the plain t test (1 / k alone) and Wilcoxon's find differences
    that are not there.

    Source: Nadeau and Bengio, Inference for the generalization error, Machine Learning 52 (2003), for random splits;
    Bouckaert and Frank, Evaluating the replicability of significance tests (2004), for the parts of repeated k-fold.

    Args:
        differences: one a part, in any order.
        ratio: n_test / n_train.

    Raises:
        KsiqaError: fewer than two differences.
    """
    k = len(differences)
    if k < 2:
        raise KsiqaError(found=f"{k} paired differences", expected="at least 2", do="test on more splits")
    mean = float(differences.mean())
    error = float(np.sqrt((1 / k + ratio) * differences.var(ddof=1)))
    if error == 0:
        return Tested(mean, mean, mean, float(mean == 0))
    half = float(stats.t.ppf((1 + LEVEL) / 2, k - 1)) * error
    return Tested(mean, mean - half, mean + half, float(2 * stats.t.sf(abs(mean) / error, k - 1)))


def redrawn_srcc(
    score: Float[ndarray, " rows"], label_ranks: Float[ndarray, "draws rows"], times: Int[ndarray, "draws rows"]
) -> Float64[ndarray, " draws"]:
    """Return SRCC of each draw in which row i stands ``times[draw, i]`` times; 0 where a side is constant."""
    mean = (times.sum(axis=1, keepdims=True) + 1) / 2  # of ranks, ties or not
    one, other = redrawn_ranks(score, times) - mean, label_ranks - mean
    scale = np.sqrt((times * one * one).sum(axis=1) * (times * other * other).sum(axis=1))
    together = (times * one * other).sum(axis=1)
    return np.divide(together, scale, out=np.zeros_like(scale), where=scale > 0)


def redrawn_ranks(values: Float[ndarray, " rows"], times: Int[ndarray, "draws rows"]) -> Float64[ndarray, "draws rows"]:
    """Return the rows' mean ranks in each draw in which row i stands ``times[draw, i]`` times."""
    order = values.argsort(kind="stable")
    new = np.diff(values[order], prepend=np.nan) != 0  # NaN differs from all: the first value is new
    counts = np.add.reduceat(times[:, order], np.flatnonzero(new), axis=1)
    middle = counts.cumsum(axis=1) - (counts - 1) / 2
    ranks = np.empty(times.shape)
    ranks[:, order] = middle[:, new.cumsum() - 1]
    return ranks


def _redrawn(part: Part, times: Int[ndarray, "draws rows"]) -> Float64[ndarray, " draws"]:
    label_ranks = redrawn_ranks(part.label, times)
    first, second = (
        np.mean([redrawn_srcc(score, label_ranks, times) for score in scores], axis=0)
        for scores in (part.first, part.second)
    )
    return first - second
