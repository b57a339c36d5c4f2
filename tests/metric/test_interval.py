"""Intervals that hold what they promise."""

import numpy as np
import pytest

from ksiqa.errors import ConfigError
from ksiqa.metric.interval import MOST, half_width, residuals


def test_the_errors_in_order():
    assert residuals(np.array([0.5, 0.2, 0.9]), np.array([0.4, 0.5, 0.9])) == pytest.approx([0, 0.1, 0.3])


def test_of_many_errors_some_are_kept_none_of_them_too_small():
    label = np.random.default_rng(0).random(7 * MOST + 3)
    every = np.sort(label)
    kept = residuals(np.zeros_like(label), label)
    assert len(kept) == MOST
    assert kept[-1] == every[-1]
    assert set(kept) <= set(every)
    places = np.searchsorted(every, kept) + 1
    assert (places >= np.arange(1, MOST + 1) * len(every) / MOST).all()


@pytest.mark.parametrize(("coverage", "width"), [(0.5, 0.5), (0.55, 0.6), (0.9, 0.9), (0.91, 1.0), (0.1, 0.1)])
def test_by_hand(coverage, width):
    """Nine errors .1 to .9: the k-th smallest holds k of ten."""
    assert half_width([k / 10 for k in range(1, 10)], coverage=coverage) == width


def test_nothing_is_known_or_promised_that_cannot_be():
    assert half_width(None, coverage=0.9) is None
    assert half_width([], coverage=0.9) is None
    for wrong in (0, 1, -0.1, float("nan")):
        with pytest.raises(ConfigError, match="found: coverage="):
            half_width([0.1], coverage=wrong)


@pytest.mark.parametrize(("images", "coverage"), [(30, 0.8), (99, 0.9), (3 * MOST, 0.9)])
def test_the_share_that_is_covered(images, coverage):
    """In many draws: a promise kept on the mean, and not by giving away more than the grain of the errors."""
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(400):
        score, label = rng.random(images), rng.beta(2, 5, images)
        half = half_width(residuals(score, label), coverage=coverage)
        covered.append(np.mean(np.abs(rng.random(200) - rng.beta(2, 5, 200)) <= half))
    grain = 1 / (min(images, MOST) + 1)
    error = 4 * np.std(covered) / np.sqrt(len(covered))
    assert coverage - error <= np.mean(covered) <= coverage + grain + error


def test_widths_that_follow_a_doubt():
    """Nine errors, each a tenth, two tenths and so on of its doubt: nine of ten hold at nine tenths of it."""
    doubt = np.linspace(0.1, 0.9, 9)
    errors = residuals(doubt * np.arange(1, 10) / 10, np.zeros(9), doubt)
    assert errors == pytest.approx(np.arange(1, 10) / 10)
    assert half_width(errors, coverage=0.9, doubt=0.2) == pytest.approx(0.18)
    assert half_width(errors, coverage=0.95, doubt=0.2) == 1


def test_such_widths_hold_where_errors_differ_and_are_narrower():
    rng = np.random.default_rng(2)
    doubt, new = rng.uniform(0.05, 0.5, 1000), rng.uniform(0.05, 0.5, 20_000)
    errors, later = rng.normal(0, doubt), np.abs(rng.normal(0, new))
    known = residuals(errors, np.zeros(1000), doubt)
    scaled = np.array([half_width(known, coverage=0.9, doubt=one) for one in new])
    constant = half_width(residuals(errors, np.zeros(1000)), coverage=0.9)
    assert np.mean(later <= scaled) == pytest.approx(0.9, abs=0.03)
    assert np.mean(later[new > 0.4] <= scaled[new > 0.4]) == pytest.approx(0.9, abs=0.03)
    assert np.mean(later[new > 0.4] <= constant) < 0.8
    assert scaled.mean() < constant


def test_no_errors_in_units_of_nothing():
    with pytest.raises(ConfigError, match="found: a doubt of 0\nexpected: doubts above 0"):
        residuals(np.ones(2), np.zeros(2), np.array([0.5, 0.0]))
    assert residuals(np.ones(0), np.zeros(0), np.ones(0)) == []
