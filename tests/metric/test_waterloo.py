"""Tests without opinions, by hand."""

import numpy as np
import pytest

from ksiqa.errors import KsiqaError
from ksiqa.metric.waterloo import d_test, discriminable_pairs, l_test, monotone, p_test


def test_d_by_hand():
    """Of four pristine and two distorted images one of each is on the wrong side, or both pristine ones below .5."""
    assert d_test(np.array([0.9, 0.8, 0.7, 0.3]), np.array([0.1, 0.4])) == pytest.approx((3 / 4 + 1) / 2)
    assert d_test(np.array([0.9, 0.8]), np.array([0.1])) == 1
    assert d_test(np.array([0.1, 0.2]), np.array([0.9])) == 0.5
    assert d_test(np.array([0.5, 0.5]), np.array([0.5])) == 0.5


def test_l_by_hand():
    falls, rises = np.array([0.9, 0.5, 0.1]), np.array([0.1, 0.5, 0.9])
    assert l_test([falls]) == pytest.approx(1)
    assert l_test([falls, rises]) == pytest.approx(0)
    assert l_test([falls, np.array([0.9, 0.1, 0.5])]) == pytest.approx((1 + 0.5) / 2)
    assert l_test([np.array([0.5, 0.5, 0.5])]) == 0


def test_p_by_hand():
    pairs = np.array([[0, 1], [0, 2], [1, 2], [3, 2]])
    assert p_test(np.array([3.0, 2.0, 1.0, 1.0]), pairs) == 0.75


def test_pairs_on_which_all_agree():
    agreed = np.array([[1.0, 2.0, 3.0, 4.0], [10.0, 30.0, 20.0, 40.0]])
    assert discriminable_pairs(agreed, margin=0.7).tolist() == [[3, 0]]
    assert discriminable_pairs(agreed, margin=0.2).tolist() == [[1, 0], [2, 0], [3, 0], [3, 1], [3, 2]]
    assert not len(discriminable_pairs(np.array([[1.0, 2.0], [2.0, 1.0]]), margin=0.1))
    assert len(discriminable_pairs(np.arange(10.0)[None], margin=0.4)) == 6 + 5 + 4 + 3 + 2 + 1
    assert not len(discriminable_pairs(np.array([[1.0, 1.0, 1.0]]), margin=0.1))


def test_monotone():
    assert monotone(np.array([0.9, 0.8, 0.1]))
    assert not monotone(np.array([0.9, 0.9, 0.1]))


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (lambda: d_test(np.array([]), np.array([0.5])), "0 pristine and 1 distorted"),
        (lambda: l_test([]), "no ladder"),
        (lambda: p_test(np.array([0.5]), np.empty((0, 2), dtype=int)), "no pair"),
    ],
)
def test_nothing_to_test(call, found):
    with pytest.raises(KsiqaError, match=f"found: {found}"):
        call()
