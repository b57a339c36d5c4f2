"""Scores of intervals and forecasts."""

import numpy as np
import pytest

from ksiqa.errors import ConfigError
from ksiqa.metric.forecast import crps, winkler


def test_the_interval_score_by_hand():
    found = winkler(np.full(3, 0.2), np.full(3, 0.6), np.array([0.3, 0.1, 0.7]), coverage=0.9)
    assert found == pytest.approx([0.4, 0.4 + 20 * 0.1, 0.4 + 20 * 0.1])


def test_the_interval_score_is_least_at_the_quantiles():
    labels = np.random.default_rng(0).normal(size=20000)
    best = 1.6449
    scores = [winkler(np.full(20000, -w), np.full(20000, w), labels, coverage=0.9).mean() for w in (1.0, best, 2.5)]
    assert scores[1] == min(scores)


@pytest.mark.parametrize("coverage", [0, 1, float("nan")])
def test_no_such_coverage(coverage):
    with pytest.raises(ConfigError, match="found: coverage="):
        winkler(np.zeros(1), np.ones(1), np.zeros(1), coverage=coverage)


def test_crps_by_hand():
    assert crps(np.array([[0.5]]), np.array([0.2])) == pytest.approx([0.3])
    # values 0 and 1, label 0: E|X - 0| = 1/2, E|X - X'| = 1/2
    assert crps(np.array([[1.0, 0.0]]), np.array([0.0])) == pytest.approx([0.25])


def test_crps_of_a_normal_forecast():
    """At its centre a normal forecast of deviation 1 has (sqrt 2 - 1) / sqrt pi (Gneiting and Raftery, eq. 21)."""
    values = np.random.default_rng(1).normal(size=(1, 200_000))
    assert crps(values, np.zeros(1))[0] == pytest.approx((np.sqrt(2) - 1) / np.sqrt(np.pi), abs=2e-3)
