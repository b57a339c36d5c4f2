import numpy as np
import pytest
from scipy import stats

from ksiqa.errors import ConfigError, KsiqaError
from ksiqa.metric.agreement import agreement


def pairs() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    score = rng.uniform(size=300)
    return score, np.clip(1 / (1 + np.exp(-(score - 0.5) / 0.12)) + 0.05 * rng.normal(size=300), 0, 1)


def test_every_figure() -> None:
    score, label = pairs()
    found = agreement(score, label, unit=100.0)
    assert found.srcc == stats.spearmanr(score, label).statistic
    assert found.plcc == stats.pearsonr(score, label).statistic
    assert found.krcc == stats.kendalltau(score, label).statistic
    assert found.plcc_fitted == pytest.approx(stats.pearsonr(found.fit(score), label).statistic)
    assert found.plcc_fitted > found.plcc  # the curve is curved
    assert found.rmse == pytest.approx(100 * np.sqrt(np.mean((found.fit(score) - label) ** 2)))
    assert found.rmse == pytest.approx(5, abs=0.5)  # the noise, in raw units


def test_log_keys() -> None:
    found = agreement(*pairs(), unit=1.0)
    keys = ["test/srcc", "test/plcc", "test/plcc_fitted", "test/krcc", "test/rmse"]
    assert list(found.as_dict()) == keys
    assert list(found.as_dict("val/")) == [key.replace("test/", "val/") for key in keys]
    assert found.as_dict()["test/krcc"] == found.krcc


def test_a_fit_that_did_not_converge_has_no_figures() -> None:
    label = np.linspace(0, 1, 20)
    found = agreement(np.full(20, 0.5), label, unit=9.0)
    assert (found.srcc, found.plcc, found.krcc) == (0.0, 0.0, 0.0)
    assert found.plcc_fitted is None
    assert found.rmse is None
    assert not found.fit.converged


def test_reversed_predictions_gain_nothing_by_the_fit() -> None:
    score, label = pairs()
    found = agreement(1 - score, label, unit=1.0)
    assert found.srcc < -0.9
    assert found.plcc_fitted == 0.0
    assert found.rmse == pytest.approx(label.std())


def test_bad_input() -> None:
    score, label = pairs()
    with pytest.raises(KsiqaError, match="300 of 300 predictions are not finite"):
        agreement(score * np.nan, label, unit=1.0)
    for unit in (0.0, -100.0, float("nan")):
        with pytest.raises(ConfigError, match="expected: its high end above its low end"):
            agreement(score, label, unit=unit)
