"""Correlations and errors between predictions and labels, in float64."""

import numpy as np
from jaxtyping import Bool, Float, Float64
from numpy import ndarray
from scipy import stats

from ksiqa.errors import KsiqaError

# Values this close to one another, as a share of the largest, differ by rounding alone: by that of a float64, or of a
# fitted curve that is flat there. SciPy warns of what it makes of values five times closer.
ROUNDING = 1e-11
FEW = 10  # images: of fewer, chance alone makes correlations of any size, and they are marked


def srcc(score: Float[ndarray, " rows"], label: Float[ndarray, " rows"]) -> float:
    """Spearman's rank correlation in [-1, 1]; ties share the mean of their ranks.

    0.0 where either side is constant: a constant has no order.

    Raises:
        KsiqaError: fewer than two rows, or a value that is not finite.
    """
    score, label = checked(score, label)
    if is_constant(score) or is_constant(label):
        return 0.0
    return float(stats.spearmanr(score, label).statistic)


def plcc(score: Float[ndarray, " rows"], label: Float[ndarray, " rows"]) -> float:
    """Pearson's linear correlation in [-1, 1]; 0.0 and ``Raises`` as in ``srcc``."""
    score, label = checked(score, label)
    if is_constant(score) or is_constant(label):
        return 0.0
    return float(stats.pearsonr(score, label).statistic)


def krcc(score: Float[ndarray, " rows"], label: Float[ndarray, " rows"]) -> float:
    """Kendall's tau-b (corrected for ties) in [-1, 1]; 0.0 and ``Raises`` as in ``srcc``."""
    score, label = checked(score, label)
    if is_constant(score) or is_constant(label):
        return 0.0
    return float(stats.kendalltau(score, label).statistic)


def rmse(score: Float[ndarray, " rows"], label: Float[ndarray, " rows"]) -> float:
    """Root of the mean squared difference, in the unit of both; ``Raises`` as in ``srcc``."""
    score, label = checked(score, label)
    return float(np.sqrt(np.mean(np.square(score - label))))


def few(images: int | None) -> bool:
    """Whether a correlation of so many images is to be marked; None: their number is not known."""
    return images is not None and images < FEW


def is_constant(values: Float[ndarray, " rows"]) -> bool:
    """Whether all values are one value, but for rounding in float64."""
    return bool(np.ptp(values) <= ROUNDING * np.abs(values).max())


def checked(
    score: Float[ndarray, " rows"], label: Float[ndarray, " rows"]
) -> tuple[Float64[ndarray, " rows"], Float64[ndarray, " rows"]]:
    """Both sides in float64; ``Raises`` as in ``srcc``."""
    if len(score) < 2:
        raise KsiqaError(
            found=f"{len(score)} scored images",
            expected="at least 2: agreement is a statement about several images",
            do="score more images, or take a split whose part is larger",
        )
    for name, values in (("predictions", score), ("labels", label)):
        bad: Bool[ndarray, " rows"] = ~np.isfinite(values)
        if bad.any():
            raise KsiqaError(
                found=f"{bad.sum()} of {len(values)} {name} are not finite, the first at row {bad.argmax()}",
                expected="finite numbers",
                do="look for diverged training" if name == "predictions" else "mend the label file",
            )
    return score.astype(np.float64), label.astype(np.float64)
