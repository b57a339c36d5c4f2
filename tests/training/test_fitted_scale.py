"""A new scale on a network that is trained already."""

import numpy as np
import pytest
import torch
from scipy.special import expit, logit

from ksiqa.training.fitted_scale import _calibration, _intercepts, _seen, fit_scale
from tests.tiny import quality_data, table_images, tiny_model


def test_the_calibration_that_made_the_labels_is_found():
    quality = np.random.default_rng(0).normal(3, 2, size=50)
    log_slope, shift = _calibration(quality, expit(0.7 * quality - 2.5))
    assert np.exp(log_slope) == pytest.approx(0.7, abs=1e-4)
    assert shift == pytest.approx(-2.5, abs=1e-3)


def test_labels_that_quality_says_nothing_of_leave_something_to_learn():
    quality = np.array([-1.0, 1.0] * 10)
    log_slope, shift = _calibration(quality, np.full(20, 0.8))
    assert np.exp(log_slope) >= 1 / 8 - 1e-9
    assert expit(np.exp(log_slope) * quality + shift).mean() == pytest.approx(0.8, abs=0.01)


def test_thresholds_are_exceeded_as_often_as_labels_do():
    logits = np.random.default_rng(1).normal(4, 3, size=(40, 2))
    counted = np.array([[True, place % 2 == 0] for place in range(40)])
    found = _intercepts(logits, logit(np.array([0.3, 0.9])), counted)
    assert expit(logits[:, 0] + found[0]).mean() == pytest.approx(0.3)
    assert expit(logits[::2, 1] + found[1]).mean() == pytest.approx(0.9)


@pytest.mark.parametrize("change", [{"ordinal": "corn"}, {"ordinal": "dorn"}, {"kind": "plain"}, {"kind": "teacher"}])
def test_a_source_starts_where_the_network_comes_closest_to_its_scores(change, pairs):
    torch.manual_seed(0)
    model = tiny_model(sources=("table",), **change)
    for parameter in model.regressor.parameters():  # as if it had learned something, far away
        torch.nn.init.normal_(parameter, mean=0.1, std=0.3)
    data = quality_data(table_images(pairs), side=32)
    model.regressor.start_from(data.training_scores, source="table", bins="uniform")
    fit_scale(model, data)
    assert model.training
    assert not model.feature_extraction.cnn.network.bn1.training  # as training wants it
    with torch.no_grad():
        calibration = model.regressor.calibration
        slope, shift = calibration.log_scale["table"].exp().item(), calibration.shift["table"].item()
        calibration.log_scale["table"].zero_()
        calibration.shift["table"].zero_()
        quality, thresholds, labels = _seen(model, data)
        error = np.square(expit(slope * quality + shift) - labels).mean()
        others = [
            np.square(expit(other * quality + at) - labels).mean()
            for other in np.geomspace(1 / 8, 8, 13)
            for at in np.linspace(-20, 20, 81)
        ]
        assert error <= min(others) + 1e-6
        if change.get("ordinal") == "dorn":
            above = torch.from_numpy(thresholds).softmax(dim=-1)[..., 1].mean(dim=0)
            share = (labels[:, None] > model.regressor.ordinal.edges("table").numpy()).mean(axis=0)
            np.testing.assert_allclose(above, share, atol=0.05)
