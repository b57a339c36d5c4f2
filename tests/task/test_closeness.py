import pytest
import torch

from ksiqa.batch import Prediction
from ksiqa.task.closeness import ImageryCloseness


def _prediction(features, imagery):
    score = torch.zeros(len(features))
    return Prediction(score=score, regressed=score, features=features, imagery=imagery)


def test_perfect_imagery_and_unrelated_features():
    torch.manual_seed(0)
    reference, other = torch.randn(2, 4, 5, 5, 64)
    closeness = ImageryCloseness()
    closeness.update(_prediction(other, 3 * reference + 1), reference)  # normed: scale and shift do not count
    found = closeness.compute()
    assert found["imagery_error"].item() == pytest.approx(0.0, abs=1e-4)
    assert found["identity_error"].item() == pytest.approx(2.0, abs=0.1)


def test_the_mean_is_over_images_whatever_the_batches():
    features, imagery, reference = torch.randn(3, 5, 2, 2, 8)
    whole, parts = ImageryCloseness(), ImageryCloseness()
    whole.update(_prediction(features, imagery), reference)
    for part in (slice(0, 1), slice(1, 5)):
        parts.update(_prediction(features[part], imagery[part]), reference[part])
    for name, value in whole.compute().items():
        assert torch.allclose(value, parts.compute()[name])
