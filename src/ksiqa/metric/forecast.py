"""How good intervals and whole forecasts of a label are, not only whether they hold: lower is better.

Source: T. Gneiting and A. E. Raftery, Strictly proper scoring rules, prediction, and estimation, Journal of the
American Statistical Association 102 (2007): the interval score (6.2), the continuous ranked probability score (4.2).
"""

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray

from ksiqa.errors import ConfigError


def winkler(
    low: Float[ndarray, " images"],
    high: Float[ndarray, " images"],
    label: Float[ndarray, " images"],
    *,
    coverage: float,
) -> Float64[ndarray, " images"]:
    """Return the interval score of each image: its width, and 2 / (1 - coverage) times how far the label is outside.

    Args:
        low, high: ends of the intervals, in the label's unit.
        label: what was to be covered.
        coverage: that the intervals promise, in (0, 1).

    Raises:
        ConfigError: a coverage outside.
    """
    if not 0 < coverage < 1:
        raise ConfigError(found=f"coverage={coverage}", expected="a number between 0 and 1", do="set coverage=0.9")
    outside = np.maximum(low - label, 0) + np.maximum(label - high, 0)
    return np.asarray(high - low + 2 / (1 - coverage) * outside, dtype=np.float64)


def crps(forecast: Float[ndarray, "images values"], label: Float[ndarray, " images"]) -> Float64[ndarray, " images"]:
    """Return the continuous ranked probability score of each image whose forecast is a set of values, equally likely:
    E|X - label| - E|X - X'| / 2, in the label's unit; of a single value it is the absolute error."""
    values = np.sort(np.asarray(forecast, dtype=np.float64), axis=1)
    count = values.shape[1]
    ranks = 2 * np.arange(1, count + 1) - count - 1
    apart = (values * ranks).sum(axis=1) / count**2  # E|X - X'| / 2: each pair's distance by ranks
    return np.abs(values - label[:, None]).mean(axis=1) - apart
