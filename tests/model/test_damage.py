import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.special import expit, logit

from ksiqa.batch import Extracted, View
from ksiqa.model.damage import PENALTY, DamageReadout
from ksiqa.model.ordinal_regression import OrdinalHead
from ksiqa.model.quality_regressor import QualityRegressor
from tests.tiny import tiny_model

STEPS = (2.0, 0.5)  # along the two channels, each seen half of the time


def _readout(images):
    readout = DamageReadout(2)
    readout.start_from(torch.diag(torch.tensor(STEPS)).repeat(3, 1), images)
    return readout


def test_the_direction_solves_a_penalised_logistic_regression():
    """Its slope is zero, which can be solved for each channel alone; channels count in deviations of the images."""
    spreads = np.array([1.0, 4.0])
    images = torch.tensor(np.array([[1.0, 1], [-1, 1], [1, -1], [-1, -1]]) * spreads * np.sqrt(3 / 4)).float() + 7
    alone = [brentq(lambda w, s=s: s * expit(-s * w) / 2 - PENALTY * w, 0, 100) for s in STEPS / spreads]
    found = _readout(images).direction.double().numpy()
    np.testing.assert_allclose(found[0] / found[1], (alone[0] / spreads[0]) / (alone[1] / spreads[1]), rtol=1e-3)
    assert (found > 0).all()


def test_images_have_mean_0_and_deviation_1():
    images = torch.randn(50, 2) * torch.tensor([3.0, 0.1]) + 5
    found = _readout(images)(images.view(50, 1, 1, 2)).flatten()
    assert found.mean().item() == pytest.approx(0, abs=1e-4)
    assert found.std().item() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("ordinal", [None, "corn", "dorn"])
def test_the_latent_quality_falls_by_the_weight_times_the_mean(ordinal):
    head = None if ordinal is None else OrdinalHead(kind=ordinal, width=8, levels=5, sources=["one"])
    regressor = QualityRegressor(width=8, ordinal=head, regressed_share=0.9, sources=["one"], damage_weight=0.5)
    decoding, damage = torch.randn(6, 2, 3, 8), torch.randn(6, 2, 3)
    before = regressor(decoding, source="one")
    after = regressor(decoding, damage=damage, source="one")
    mean = 0.5 * damage.mean(dim=(1, 2))
    assert torch.allclose(torch.logit(after.regressed), torch.logit(before.regressed) - mean, atol=1e-5)
    assert torch.allclose(torch.logit(after.quality_map), torch.logit(before.quality_map) - 0.5 * damage, atol=1e-4)
    assert torch.equal(after.weight_map, before.weight_map)
    worse = mean > 0
    assert worse.any()
    assert torch.equal(after.score < before.score, worse)
    if ordinal == "dorn":
        above = [logit(head.exceeding(one.thresholds).detach().double().numpy()) for one in (before, after)]
        np.testing.assert_allclose(above[1], above[0] - mean[:, None].numpy(), atol=1e-4)
    if ordinal == "corn":
        assert torch.allclose(after.thresholds, before.thresholds - mean[:, None], atol=1e-5)


def _with_a_readout(weight=0.5, **changes):
    torch.manual_seed(0)
    model = tiny_model(damage_weight=weight, backbone={"frozen": ["cnn"]}, **changes)
    if weight:
        torch.nn.init.normal_(model.feature_extraction.damage.direction)
    return model


def test_damage_is_read_out_of_the_raw_features_of_each_token(view):
    extraction = _with_a_readout().eval().feature_extraction
    raw = extraction.branch_features(view.image)["cnn"]
    expected = (raw * extraction.damage.direction).sum(dim=-1) - extraction.damage.middle
    assert torch.allclose(extraction(view).damage, expected, atol=1e-5)
    half = View(view.image, {"cnn": raw.half()})
    assert torch.allclose(extraction(half).damage, expected, atol=1e-2)


def test_a_wide_image_has_the_damage_of_its_tiles():
    extraction = _with_a_readout().eval().feature_extraction
    wide = torch.rand(1, 3, 32, 16 * 90)
    with torch.inference_mode():
        known = extraction.branch_features(wide)
        assert torch.allclose(extraction(View(wide)).damage, extraction(View(wide, known)).damage, atol=1e-5)


def test_some_of_a_batch_keep_their_damage():
    both = Extracted(torch.randn(3, 1, 2, 4), torch.randn(3, 1, 2))
    assert torch.equal(both[1:].damage, both.damage[1:])
    assert Extracted(both.features, None)[1:].damage is None


def test_scoring_alone_sees_damage(view):
    """The same weights without a readout say the same in training, and another score in scoring."""
    model, plain = _with_a_readout(), _with_a_readout(weight=0)
    scores = {}
    for training in (True, False):
        scores[training] = [one.train(training)(view, source="one").score for one in (model, plain)]
    assert torch.equal(*scores[True])
    assert (scores[False][0] - scores[False][1]).abs().min() > 1e-4


def test_a_teacher_needs_no_readout(view):
    """It has seen the reference; the student's readout changes nothing of it."""
    model, plain = _with_a_readout(), _with_a_readout(weight=0)
    pair = (view, View(view.image.flip(0)))
    with_it, without = (one.eval().teacher()(*pair, source="one").score for one in (model, plain))
    assert torch.equal(with_it, without)
    assert tiny_model(kind="teacher", damage_weight=0.5).feature_extraction.damage is None
