import numpy as np
import pandas as pd
import pytest

from ksiqa.report.dashboard.clouds import unit_labels


@pytest.mark.parametrize(("low", "high"), [(0, 100), (1, 5), (100, 0)])  # the last: less is better
def test_labels_are_brought_to_scores_by_the_scale_of_the_predictions(low: float, high: float) -> None:
    score = np.array([0.31, 0.35, 0.3])
    label = np.array([0.0, 1.0, 0.25])
    table = pd.DataFrame({"score": score, "score_raw": low + score * (high - low), "label": low + label * (high - low)})
    np.testing.assert_allclose(unit_labels(table), label, atol=1e-12)


def test_equal_scores_tell_no_scale() -> None:
    assert unit_labels(pd.DataFrame({"score": [0.5, 0.5], "score_raw": [50.0, 50.0], "label": [1.0, 2.0]})) is None
    assert unit_labels(pd.DataFrame({"score": [], "score_raw": [], "label": []})) is None
