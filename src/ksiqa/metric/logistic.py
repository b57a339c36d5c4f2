"""The monotone curve that brings predictions to the scale of labels before PLCC and RMSE are taken."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray
from scipy.optimize import least_squares
from scipy.special import expit

from ksiqa.metric.correlation import checked, is_constant

PARAMETERS = 4
# In standard deviations of the predictions: narrower than this the curve is a step, and 1/|b4| overflows.
NARROWEST = 1e-6
# As a share of the labels' range. A smaller rise changes the squared error by less than the solver
# can tell (1e-8, scipy's default): it is the bound b1 = b2, reached as well as the solver can.
FLAT = 1e-4


@dataclass(frozen=True, kw_only=True)
class LogisticFit:
    """The curve (b1 - b2) / (1 + exp(-(x - b3) / |b4|)) + b2 with b1 >= b2.

    Source: VQEG's final report on the validation of objective models (2003), which fits it to each metric.
    """

    parameters: tuple[float, float, float, float]  # b1, b2, b3, b4
    converged: bool  # False: the parameters are where the search stopped, not a fit

    def __call__(self, score: Float[ndarray, " rows"]) -> Float64[ndarray, " rows"]:
        """Map predictions to the scale of the labels."""
        b1, b2, b3, b4 = self.parameters
        return (b1 - b2) * expit((score.astype(np.float64) - b3) / abs(b4)) + b2


def fit_logistic(
    score: Float[ndarray, " rows"], label: Float[ndarray, " rows"], *, evaluations: int = 5000
) -> LogisticFit:
    """Fit the curve by least squares from (max label, min label, mean score, std score / 4).

    The search runs on standardised values, so that an affine change of either side changes the result in the
    same way. Predictions that fall where labels rise give a flat curve (b1 = b2, the mean label), since the
    curve may not fall. ``converged`` is False after more than ``evaluations`` steps, for fewer rows than the
    curve has parameters and for constant predictions: these determine no curve.

    Raises:
        KsiqaError: fewer than two rows, or a value that is not finite.
    """
    x, y = checked(score, label)
    centre, spread, mean, low, rise = map(float, (x.mean(), x.std(), y.mean(), y.min(), np.ptp(y)))
    if len(x) < PARAMETERS or is_constant(x):
        return LogisticFit(parameters=(mean, mean, centre, 1.0), converged=False)
    if is_constant(y):
        return LogisticFit(parameters=(mean, mean, centre, spread / 4), converged=True)
    u, v = (x - centre) / spread, (y - low) / rise

    def residual(p: Float64[ndarray, "4"]) -> Float64[ndarray, " rows"]:
        return p[0] + p[1] * expit((u - p[2]) / p[3]) - v

    def jacobian(p: Float64[ndarray, "4"]) -> Float64[ndarray, "rows 4"]:
        z = (u - p[2]) / p[3]
        s = expit(z)
        slope = p[1] * s * (1 - s) / p[3]
        return np.stack([np.ones_like(u), s, -slope, -slope * z], axis=1)

    found = least_squares(
        residual,
        x0=(0.0, 1.0, 0.0, 0.25),  # b2, b1 - b2, b3, b4 after standardising
        jac=jacobian,
        bounds=((-np.inf, 0.0, -np.inf, NARROWEST), np.inf),
        max_nfev=evaluations,
    )
    base, height, middle, width = map(float, found.x)
    if height < FLAT:
        base, height = float(v.mean()), 0.0
    b2 = low + rise * base
    return LogisticFit(
        parameters=(b2 + rise * height, b2, centre + spread * middle, spread * width),
        converged=bool(found.success),
    )
