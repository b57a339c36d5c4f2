import numpy as np
import pytest

from ksiqa.metric.spread import spread


def test_against_numpy() -> None:
    values = list(np.random.default_rng(0).normal(size=10))
    found = spread(values)
    assert found.median == pytest.approx(np.median(values))
    assert (found.low, found.high) == (min(values), max(values))
    assert found.deviation == pytest.approx(np.std(values, ddof=1))
    assert (found.splits, found.failed) == (10, 0)


def test_failed_fits_are_counted_and_stand_in_no_number() -> None:
    assert spread([0.5, None, 0.7, None]) == (pytest.approx(0.6), 0.5, 0.7, pytest.approx(np.sqrt(0.02)), 2, 2)
    assert spread([None]) == (None, None, None, None, 0, 1)


def test_one_value_has_no_deviation() -> None:
    assert spread([0.5]) == (0.5, 0.5, 0.5, None, 1, 0)
    assert spread([]).median is None
