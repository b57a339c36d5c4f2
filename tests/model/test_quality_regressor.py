import numpy as np
import pytest
import torch
from torch import nn

from ksiqa.model.ordinal_regression import OrdinalHead
from ksiqa.model.quality_regressor import STEADY, Calibration, QualityRegressor

WIDTH = 8


def _regressor(ordinal="corn", *, share=0.9, sources=("one",)):
    head = None if ordinal is None else OrdinalHead(kind=ordinal, width=WIDTH, levels=5, sources=sources)
    return QualityRegressor(width=WIDTH, ordinal=head, regressed_share=share, sources=sources)


def test_calibration_starts_as_the_sigmoid_and_rises():
    calibration = Calibration(sources=["one"])
    quality = torch.linspace(-4, 4, 9)
    assert torch.allclose(calibration(quality, source="one"), quality.sigmoid())
    for scale in (-5.0, 0.0, 1.0):
        calibration.log_scale["one"].data.fill_(scale)
        assert (calibration(quality, source="one").diff() > 0).all()


def test_a_source_starts_at_the_mean_of_its_scores():
    calibration = Calibration(sources=["one", "two"])
    calibration.start_from(np.array([0.1, 0.3, 0.8]), source="one")
    zero = torch.zeros(())
    assert calibration(zero, source="one").item() == pytest.approx(0.4)
    assert calibration(zero, source="two").item() == pytest.approx(0.5)
    calibration.start_from(np.ones(3), source="two")
    assert calibration(zero, source="two").item() == pytest.approx(0.99)


def test_the_regressed_score_is_a_weighted_mean_of_the_tokens():
    """Quality and weight read one channel each: the mean can be written down."""
    regressor = _regressor(None)
    regressor.quality, regressor.weight = nn.Linear(WIDTH, 1), nn.Linear(WIDTH, 1)
    for layer, channel in ((regressor.quality, 0), (regressor.weight, 1)):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
        layer.weight.data[0, channel] = 1.0
    decoding = torch.zeros(1, 1, 2, WIDTH)
    decoding[0, 0, :, 0] = torch.tensor([1.0, -2.0])  # qualities
    decoding[0, 0, :, 1] = torch.tensor([np.log(3.0), 0.0])  # weights 3/4 and 1/2: shares 0.6 and 0.4
    found = regressor(decoding, source="one")
    assert found.regressed.item() == pytest.approx(1 / (1 + np.exp(0.2)))
    assert torch.allclose(found.weight_map, torch.tensor([[[0.6, 0.4]]]))
    assert torch.allclose(found.quality_map, torch.tensor([[[1.0, -2.0]]]).sigmoid())
    assert torch.equal(found.score, found.regressed)
    apart = 1 / (1 + np.exp(-1.0)) - 1 / (1 + np.exp(2.0))
    assert found.doubt.item() == pytest.approx(STEADY + np.sqrt(0.6 * 0.4) * apart)  # of two values, by their shares


@pytest.mark.parametrize("ordinal", ["dorn", "corn"])
def test_where_tokens_agree_doubt_is_how_far_the_ordinal_score_lies_from_the_regressed(ordinal):
    regressor = _regressor(ordinal)
    found = regressor(torch.randn(4, 1, 1, WIDTH).expand(4, 3, 2, WIDTH), source="one")
    expected = regressor.ordinal.expected(found.thresholds, source="one")
    assert torch.allclose(found.doubt, STEADY + (found.regressed - expected).abs(), atol=1e-5)
    apart = regressor(torch.randn(4, 3, 2, WIDTH), source="one")
    expected = regressor.ordinal.expected(apart.thresholds, source="one")
    assert (apart.doubt > STEADY + (apart.regressed - expected).abs()).all()


@pytest.mark.parametrize("ordinal", ["dorn", "corn"])
def test_the_score_mixes_both_convexly_from_the_share_told(ordinal):
    regressor = _regressor(ordinal, share=0.75)
    found = regressor(torch.randn(7, 3, 4, WIDTH), source="one")
    expected = regressor.ordinal.expected(found.thresholds, source="one")
    assert torch.allclose(found.score, 0.75 * found.regressed + 0.25 * expected, atol=1e-6)
    regressor.mix.data.fill_(20.0)
    assert torch.allclose(regressor(found.decoding, source="one").score, found.regressed, atol=1e-6)
    for score in (found.score, found.regressed, found.quality_map):
        assert ((score > 0) & (score < 1)).all()


def test_maps_lie_on_the_grid_and_weights_sum_to_one():
    found = _regressor()(torch.randn(2, 3, 5, WIDTH), source="one")
    assert found.quality_map.shape == found.weight_map.shape == (2, 3, 5)
    assert torch.allclose(found.weight_map.sum(dim=(1, 2)), torch.ones(2))
    assert found.level_probabilities.shape == (2, 5)


def test_sources_differ_by_calibration_alone():
    regressor = _regressor(None, sources=("one", "two"))
    regressor.start_from(np.full(4, 0.2), source="one", bins="uniform")
    decoding = torch.randn(20, 2, 2, WIDTH)
    one, two = (regressor(decoding, source=source).score for source in ("one", "two"))
    assert torch.equal(one.argsort(), two.argsort())
    assert torch.allclose(one.logit() - two.logit(), torch.tensor(0.25).log().expand(20), atol=1e-4)


def test_no_score_is_rounded_under_mixed_precision():
    """Half precision has 8 bits: between 0.5 and 1 it knows 128 scores, too few to rank a test part by."""
    regressor = _regressor("corn")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = regressor(torch.randn(400, 2, 2, WIDTH).bfloat16(), source="one")
    for score in (found.score, found.regressed, found.level_probabilities, found.quality_map):
        assert score.dtype == torch.float32
    assert len(found.score.unique()) > 350
