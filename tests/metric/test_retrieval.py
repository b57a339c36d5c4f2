"""Contents found among others."""

import numpy as np
import pytest

from ksiqa.errors import KsiqaError
from ksiqa.metric.retrieval import top1


def test_by_hand():
    gallery = np.eye(3)
    queries = np.array([[5.0, 1.0, 0.0], [0.0, 0.1, 0.0], [0.9, 0.0, 1.0], [1.0, 0.0, 0.1]])
    assert top1(queries, gallery, np.array([0, 1, 2, 2])) == 0.75


def test_a_query_of_zeros_is_as_near_to_all():
    assert top1(np.zeros((2, 3)), np.eye(3), np.array([0, 1])) == 0.5


def test_one_content_is_no_choice():
    with pytest.raises(KsiqaError, match="found: 1 contents"):
        top1(np.ones((1, 2)), np.ones((1, 2)), np.zeros(1, dtype=int))
