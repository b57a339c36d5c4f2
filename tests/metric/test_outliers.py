import numpy as np
import pytest
from scipy import stats

from ksiqa.errors import KsiqaError
from ksiqa.metric.outliers import outlier_ratio


def test_only_misses_beyond_two_standard_deviations_count() -> None:
    label = np.zeros(4)
    fitted = np.array([0.0, 0.19, -0.21, 0.5])
    assert outlier_ratio(fitted, label, np.full(4, 0.1)) == 0.5
    assert outlier_ratio(fitted, label, np.array([0.1, 0.1, 0.2, 0.3])) == 0.0
    assert outlier_ratio(np.full(4, 0.2), label, np.full(4, 0.1)) == 0.0  # at the bound is inside


def test_of_normal_misses_as_large_as_the_spread() -> None:
    miss = np.random.default_rng(0).normal(size=20000)
    expected = 2 * stats.norm.sf(2)
    assert outlier_ratio(miss, np.zeros_like(miss), np.ones_like(miss)) == pytest.approx(expected, abs=0.005)


def test_a_spread_that_is_no_number() -> None:
    with pytest.raises(KsiqaError, match=r"1 of 3 labels are not finite(.|\n)*do: mend the label file"):
        outlier_ratio(np.zeros(3), np.zeros(3), np.array([1.0, np.nan, 1.0]))
