"""The outlier ratio: how often a prediction misses the label by more than the opinions disagree."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from ksiqa.metric.correlation import checked

SPREADS = 2.0  # standard deviations of the opinions


def outlier_ratio(
    fitted: Float[ndarray, " rows"], label: Float[ndarray, " rows"], spread: Float[ndarray, " rows"]
) -> float:
    """Return the share in [0, 1] of rows whose fitted prediction is more than two standard deviations from the label.

    Args:
        fitted: predictions after the logistic fit.
        label: mean opinions.
        spread: standard deviations of the single opinions, in the unit of both.

    Source: VQEG's final report on the validation of objective models (2000), metric of consistency. ITU-T P.1401
    (clause 7.5.2.2) takes the confidence interval of the mean in place of two standard deviations; that needs the
    number of opinions an image, which most sets do not release.

    Raises:
        KsiqaError: fewer than two rows, or a value that is not finite.
    """
    fitted, label = checked(fitted, label)
    _, spread = checked(fitted, spread)  # a spread that is no number is a fault of the label file
    return float(np.mean(np.abs(fitted - label) > SPREADS * spread))
