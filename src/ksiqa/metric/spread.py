"""A figure over splits: its median, and how far it spreads."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Spread(NamedTuple):
    """Median, extremes and standard deviation (n - 1) over the splits that have the figure.

    ``failed`` splits have none (a logistic fit that did not converge): they are counted and stand in no other number.
    """

    median: float | None
    low: float | None
    high: float | None
    deviation: float | None  # None for a single split, too
    splits: int  # that have the figure
    failed: int


def spread(values: Sequence[float | None]) -> Spread:
    """Return the spread of one value a split; None stands for a failed fit."""
    there = np.array([value for value in values if value is not None], dtype=np.float64)
    failed = len(values) - len(there)
    if not len(there):
        return Spread(None, None, None, None, 0, failed)
    deviation = float(there.std(ddof=1)) if len(there) > 1 else None
    return Spread(
        float(np.median(there)), float(there.min()), float(there.max()), deviation, splits=len(there), failed=failed
    )
