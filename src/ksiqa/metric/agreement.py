"""How well predictions agree with labels: the figures that every table reports."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from ksiqa.errors import ConfigError
from ksiqa.metric.correlation import krcc, plcc, rmse, srcc
from ksiqa.metric.logistic import LogisticFit, fit_logistic


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """The figures over one part of one split. None stands for a logistic fit that did not converge."""

    srcc: float
    plcc: float  # of the predictions as they are
    plcc_fitted: float | None  # after the logistic
    krcc: float
    rmse: float | None  # after the logistic, in the label's own unit
    fit: LogisticFit  # from score to label score, both in [0, 1]

    def as_dict(self, prefix: str = "test/") -> dict[str, float | None]:
        """The figures under their log keys: ``test/srcc``, ``test/plcc``, ..."""
        names = ("srcc", "plcc", "plcc_fitted", "krcc", "rmse")
        return {prefix + name: getattr(self, name) for name in names}


def agreement(score: Float[ndarray, " rows"], label_score: Float[ndarray, " rows"], *, unit: float) -> Agreement:
    """Compare predictions with labels, both in [0, 1] and higher is better.

    ``unit`` is the length of the raw scale (its high end minus its low end): RMSE is reported in raw units.

    Raises:
        KsiqaError: fewer than two rows, or a value that is not finite.
        ConfigError: ``unit`` is not a positive number.
    """
    if not (np.isfinite(unit) and unit > 0):
        raise ConfigError(
            found=f"a label scale of length {unit}",
            expected="its high end above its low end",
            do="mend the dataset's low and high; the direction is told by higher_is_better",
        )
    fit = fit_logistic(score, label_score)
    fitted = fit(score)
    return Agreement(
        srcc=srcc(score, label_score),
        plcc=plcc(score, label_score),
        krcc=krcc(score, label_score),
        plcc_fitted=plcc(fitted, label_score) if fit.converged else None,
        rmse=unit * rmse(fitted, label_score) if fit.converged else None,
        fit=fit,
    )
