from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from ksiqa.errors import KsiqaError
from ksiqa.metric.correlation import krcc, plcc, rmse, srcc

CORRELATIONS = [srcc, plcc, krcc]
# Multiples of 1/8 below 8 are exact in float64 and tie often.
tied = arrays(np.float64, st.just(12), elements=st.integers(0, 63).map(lambda n: n / 8))


def average_ranks(x: np.ndarray) -> np.ndarray:
    return np.array([(x < v).sum() + ((x == v).sum() + 1) / 2 for v in x])


def pearson(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x - x.mean(), y - y.mean()
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))


def tau_b(x: np.ndarray, y: np.ndarray) -> float:
    pairs = list(combinations(range(len(x)), 2))
    signs = [(np.sign(x[i] - x[j]), np.sign(y[i] - y[j])) for i, j in pairs]
    alone_x, alone_y = sum(a != 0 for a, _ in signs), sum(b != 0 for _, b in signs)
    return float(sum(a * b for a, b in signs) / np.sqrt(alone_x * alone_y))


@given(tied, tied)
def test_the_definitions_with_ties(x: np.ndarray, y: np.ndarray) -> None:
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert srcc(x, y) == plcc(x, y) == krcc(x, y) == 0.0
        return
    assert srcc(x, y) == pytest.approx(pearson(average_ranks(x), average_ranks(y)), abs=1e-12)
    assert plcc(x, y) == pytest.approx(pearson(x, y), abs=1e-12)
    assert krcc(x, y) == pytest.approx(tau_b(x, y), abs=1e-12)


def test_scipy_on_a_whole_dataset() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 100, 2000) / 100
    score = label + 0.2 * rng.normal(size=2000)
    assert srcc(score, label) == stats.spearmanr(score, label).statistic
    assert plcc(score, label) == stats.pearsonr(score, label).statistic
    assert krcc(score, label) == stats.kendalltau(score, label, variant="b").statistic


def test_figures_worked_by_hand() -> None:
    x, y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0])
    assert srcc(x, y) == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert plcc(x, y) == pytest.approx(0.8)
    assert krcc(x, y) == pytest.approx((5 - 1) / 6)
    assert rmse(x, y) == pytest.approx(np.sqrt(0.5))


@given(tied, tied, st.sampled_from(CORRELATIONS), st.floats(0.01, 100), st.floats(-10, 10))
def test_scale_and_shift_change_nothing_and_a_flip_only_the_sign(
    x: np.ndarray, y: np.ndarray, correlation: Callable[..., float], scale: float, shift: float
) -> None:
    value = correlation(x, y)
    assert -1 <= value <= 1
    assert correlation(scale * x + shift, y) == pytest.approx(value, abs=1e-9)
    assert correlation(-x, y) == pytest.approx(-value, abs=1e-9)
    assert correlation(y, x) == pytest.approx(value, abs=1e-12)


@given(tied, tied)
def test_ranks_see_order_alone(x: np.ndarray, y: np.ndarray) -> None:
    assert srcc(np.exp(x), y) == pytest.approx(srcc(x, y), abs=1e-12)
    assert krcc(np.exp(x), y) == pytest.approx(krcc(x, y), abs=1e-12)


@pytest.mark.parametrize("correlation", CORRELATIONS)
@pytest.mark.parametrize("constant", [0.0, 0.1, -3.7, 1e9])
def test_a_constant_has_no_order(correlation: Callable[..., float], constant: float) -> None:
    label = np.linspace(0, 1, 7)
    assert correlation(np.full(7, constant), label) == 0.0
    assert correlation(label, np.full(7, constant)) == 0.0
    for rounding in (1e-16, 1e-14, 2e-13, 1e-12):  # and no warning, which would be an error here
        assert correlation(np.full(7, constant) * (1 + rounding * np.arange(7)), label) == 0.0


@pytest.mark.parametrize("correlation", CORRELATIONS)
def test_what_differs_by_little_more_has_an_order(correlation: Callable[..., float]) -> None:
    assert correlation(0.5 * (1 + 1e-11 * np.arange(7)), np.linspace(0, 1, 7)) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("figure", [*CORRELATIONS, rmse])
def test_float32_is_worked_in_float64(figure: Callable[..., float]) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(size=(2, 50)).astype(np.float32)
    assert figure(x + np.float32(1000), y) == figure((x + np.float32(1000)).astype(np.float64), y.astype(np.float64))


@pytest.mark.parametrize("figure", [*CORRELATIONS, rmse])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite(figure: Callable[..., float], bad: float) -> None:
    good, broken = np.arange(4.0), np.array([0.0, 1.0, bad, bad])
    with pytest.raises(KsiqaError, match=r"2 of 4 predictions are not finite, the first at row 2"):
        figure(broken, good)
    with pytest.raises(KsiqaError, match=r"2 of 4 labels are not finite.*\n.*\ndo: mend the label file"):
        figure(good, broken)


@pytest.mark.parametrize("figure", [*CORRELATIONS, rmse])
@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows(figure: Callable[..., float], rows: int) -> None:
    with pytest.raises(KsiqaError, match=rf"found: {rows} scored images\nexpected: at least 2"):
        figure(np.zeros(rows), np.zeros(rows))
