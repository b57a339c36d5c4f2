import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import curve_fit

from ksiqa.metric.correlation import rmse
from ksiqa.metric.logistic import LogisticFit, fit_logistic


def curve(x: np.ndarray, b1: float, b2: float, b3: float, b4: float) -> np.ndarray:
    return (b1 - b2) / (1 + np.exp(-(x - b3) / abs(b4))) + b2


def noisy(seed: int, rows: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = rng.uniform(size=rows)
    return score, curve(score, 0.9, 0.1, 0.5, 0.15) + 0.05 * rng.normal(size=rows)


def test_the_curve_by_hand() -> None:
    fit = LogisticFit(parameters=(5.0, 1.0, 0.5, -0.25), converged=True)
    x = np.array([0.5, 0.75, -1000.0, 1000.0])
    np.testing.assert_allclose(fit(x), [3, 1 + 4 / (1 + np.exp(-1)), 1, 5])


@pytest.mark.parametrize("true", [(0.9, 0.1, 0.5, 0.15), (96.0, 2.0, -3.0, 2.5), (1.0, -1.0, 0.0, 0.02)])
def test_known_parameters_are_found(true: tuple[float, float, float, float]) -> None:
    score = true[2] + true[3] * np.linspace(-4, 4, 60)
    fit = fit_logistic(score, curve(score, *true))
    assert fit.converged
    np.testing.assert_allclose(fit.parameters, true, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_as_good_as_scipys_own_search(seed: int) -> None:
    score, label = noisy(seed)
    start = (label.max(), label.min(), score.mean(), score.std() / 4)
    other, _ = curve_fit(curve, score, label, p0=start)
    assert rmse(fit_logistic(score, label)(score), label) <= rmse(curve(score, *other), label) + 1e-7


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.floats(1e-3, 1e3),
    st.floats(-1e3, 1e3),
    st.floats(1e-3, 1e3),
    st.floats(-1e3, 1e3),
)
def test_an_affine_change_of_either_side_changes_the_curve_alike(
    seed: int, x_scale: float, x_shift: float, y_scale: float, y_shift: float
) -> None:
    score, label = noisy(seed)
    plain, changed = score, score * x_scale + x_shift
    expected = fit_logistic(plain, label)(plain) * y_scale + y_shift
    fit = fit_logistic(changed, label * y_scale + y_shift)
    np.testing.assert_allclose(fit(changed), expected, atol=1e-4 * y_scale)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(4, 40))
def test_the_curve_never_falls(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    fit = fit_logistic(rng.normal(size=rows), rng.uniform(size=rows))
    b1, b2, _, b4 = fit.parameters
    assert b1 >= b2
    assert b4 > 0
    assert (np.diff(fit(np.linspace(-3, 3, 50))) >= 0).all()


@pytest.mark.parametrize("seed", range(20))
def test_predictions_that_fall_get_the_flat_curve(seed: int) -> None:
    rng = np.random.default_rng(seed)
    label = rng.uniform(size=200)
    score = rng.normal(size=200) * rng.uniform() - label  # from clearly to hardly falling
    fit = fit_logistic(score, label)
    assert fit.converged
    assert fit.parameters[0] == fit.parameters[1]  # exactly: a rise of rounding size would have a correlation
    np.testing.assert_allclose(fit(score), label.mean())


def test_a_straight_line_is_a_limit_of_the_curve() -> None:
    label = np.linspace(0, 1, 50)
    fit = fit_logistic(0.4 + 0.2 * label, label)
    assert fit.converged
    np.testing.assert_allclose(fit(0.4 + 0.2 * label), label, atol=1e-3)


def test_a_step_overflows_nothing() -> None:
    score = np.linspace(0, 1, 50)
    label = (score > 0.5).astype(np.float64)
    np.testing.assert_allclose(fit_logistic(score, label)(score), label, atol=1e-6)


def test_one_far_prediction_is_borne() -> None:
    score, label = noisy(0)
    score[0] = 1e4
    fit = fit_logistic(score, label)
    assert np.isfinite(fit(score)).all()


def test_what_determines_no_curve_is_no_fit() -> None:
    label = np.linspace(0, 1, 10)
    assert not fit_logistic(np.full(10, 0.3), label).converged
    assert not fit_logistic(label[:3], label[:3]).converged
    np.testing.assert_allclose(fit_logistic(np.full(10, 0.3), label)(label), 0.5)


def test_constant_labels_are_fitted_exactly() -> None:
    fit = fit_logistic(np.linspace(0, 1, 10), np.full(10, 0.7))
    assert fit.converged
    np.testing.assert_allclose(fit(np.linspace(0, 1, 10)), 0.7)


def test_a_search_that_is_cut_short_says_so() -> None:
    assert not fit_logistic(*noisy(0), evaluations=2).converged
