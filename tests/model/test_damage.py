from itertools import product

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.special import expit, logit

from ksiqa.batch import Extracted, View
from ksiqa.model.damage import EVEN, FIRM, FLATTEST, NARROWEST, PENALTY, PRICE, UNEVEN, DamageReadout
from ksiqa.model.ordinal_regression import OrdinalHead
from ksiqa.model.quality_regressor import QualityRegressor
from tests.tiny import tiny_model

STEPS = (2.0, 0.5, 1.0, 0.25)  # along two channels, and how far they lie from their means: each a quarter of all


def _readout(images):
    readout = DamageReadout({"cnn": 2})
    readout.follow_copies(torch.diag(torch.tensor(STEPS)).repeat(3, 1), images)
    return readout


def test_the_direction_solves_a_penalised_logistic_regression():
    """Its slope is zero, which can be solved for each channel alone; channels count in deviations of the images."""
    spreads = np.array([1.0, 4.0, 2.0, 1.0])
    corners = np.array(list(product((1, -1), repeat=4)))
    images = torch.tensor(corners * spreads * np.sqrt(15 / 16)).float() + 7
    alone = [brentq(lambda w, s=s: s * expit(-s * w) / 4 - PENALTY * w, 0, 100) for s in STEPS / spreads] / spreads
    found = _readout(images).cnn_direction.double().flatten().numpy()
    np.testing.assert_allclose(found / found[0], alone / alone[0], rtol=1e-3)
    assert (found > 0).all()


def test_images_have_mean_0_and_deviation_1():
    images = torch.randn(50, 1, 1, 2) * torch.tensor([3.0, 0.1]) + 5
    readout = DamageReadout({"cnn": 2})
    readout.start_from({"cnn": (images.mean(dim=(0, 1, 2)), images.std(dim=(0, 1, 2)))})
    vectors = torch.stack([readout.vector({"cnn": image[None]}) for image in images])
    readout.follow_copies(torch.diag(torch.tensor(STEPS)), vectors)
    found = readout(images, branch="cnn").flatten()
    assert found.mean().item() == pytest.approx(0, abs=1e-4)
    assert found.std().item() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("weight", [0.05, 0.5, 5.0])
def test_what_scores_lack_at_a_step_is_made_up_at_the_least_cost(weight):
    """The slope of the objective is zero along the one channel that moves."""
    steps, falls = torch.zeros(40, 2), torch.linspace(-0.2, 0.3, 40)
    steps[:, 0] = torch.linspace(0.1, 0.4, 40)
    images = torch.stack([torch.linspace(-1, 1, 9), torch.zeros(9)], dim=1)
    readout = DamageReadout({"cnn": 1})
    readout.follow_scores(steps, falls, images, weight=weight)
    spread, forward = float(images[:, 0].std()), steps[:, 0].double().numpy()

    def slope(moved: float) -> float:
        lacking = expit(-(falls.double().numpy() + forward * moved) / FIRM)
        dear = float(images[:, 0].var(correction=0)) + EVEN * spread**2 + UNEVEN * float(forward.var())
        return float(-(lacking * forward).mean() / FIRM + PRICE / weight**2 * moved * dear)

    expected = brentq(slope, 0, 1000)
    assert weight * float(readout.cnn_direction[0, 0]) == pytest.approx(expected, rel=1e-3)
    assert float(readout.cnn_direction[1, 0]) == 0


def test_the_more_damage_weighs_the_more_steps_are_in_order():
    """And the farther images move; whatever the weight, their mean stays."""
    torch.manual_seed(0)
    steps, images = torch.randn(200, 6) * 0.1 + 0.05, torch.randn(60, 6)
    falls, in_order, moved = torch.randn(200) * 0.05, [], []
    for weight in (0.05, 0.2, 1.0):
        readout = DamageReadout({"vit": 1, "cnn": 2})
        readout.follow_scores(steps, falls, images, weight=weight)
        direction = weight * torch.cat([readout.vit_direction.flatten(), readout.cnn_direction.flatten()])
        in_order.append(float((falls + steps @ direction > 0).float().mean()))
        moved.append(float((images @ direction).std()))
        assert float(readout.middle) == pytest.approx(float((images @ direction).mean()) / weight, abs=1e-5)
    assert float((falls > 0).float().mean()) < in_order[0] < in_order[1] <= in_order[2]
    assert moved == sorted(moved)


def test_what_moves_some_steps_alone_is_trusted_less(monkeypatch):
    """Of two values along which steps go as far on the mean and images vary alike; than without that price."""
    steps = torch.full((40, 2), 0.2)
    steps[::2, 0], steps[1::2, 0] = 0.5, -0.1
    images = torch.linspace(-1, 1, 60).unsqueeze(1).repeat(1, 2)
    readout, shares = DamageReadout({"cnn": 1}), []
    for price in (UNEVEN, 0.0):
        monkeypatch.setattr("ksiqa.model.damage.UNEVEN", price)
        readout.follow_scores(steps, torch.zeros(40), images, weight=0.05)
        uneven, alike = readout.cnn_direction.flatten().tolist()
        shares.append(uneven / alike)
    assert 0 <= shares[0] < 0.8 * shares[1]


@pytest.mark.parametrize("ordinal", [None, "corn", "dorn"])
def test_the_latent_quality_falls_by_the_weight_times_the_mean(ordinal):
    head = None if ordinal is None else OrdinalHead(kind=ordinal, width=8, levels=5, sources=["one"])
    regressor = QualityRegressor(width=8, ordinal=head, regressed_share=0.9, sources=["one"], damage_weight=0.5)
    decoding, damage = torch.randn(6, 2, 3, 8), torch.randn(6, 2, 3)
    before = regressor(decoding, source="one")
    after = regressor(decoding, damage=damage, source="one")
    mean = 0.5 * damage.mean(dim=(1, 2))
    assert torch.allclose(torch.logit(after.regressed), torch.logit(before.regressed) - mean, atol=1e-5)
    shift = torch.logit(after.quality_map) - torch.logit(before.quality_map)
    assert torch.allclose(shift, -mean[:, None, None].expand_as(shift), atol=1e-4)
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
    model = tiny_model(damage_weight=weight, backbone={"frozen": ["vit", "cnn"]}, **changes)
    for name in ("vit", "cnn") if weight else ():
        torch.nn.init.normal_(getattr(model.feature_extraction.damage, f"{name}_direction"))
    return model


def test_damage_is_read_out_of_the_raw_features_of_each_token(view):
    extraction = _with_a_readout().eval().feature_extraction
    raw, readout = extraction.branch_features(view.image), extraction.damage
    readout.start_from({name: (one.mean(dim=(0, 1, 2)), one.std(dim=(0, 1, 2))) for name, one in raw.items()})
    readout.middle.fill_(3)
    expected = -readout.middle
    for name, one in raw.items():
        deviation = one.std(dim=(0, 1, 2))
        apart = (one - one.mean(dim=(0, 1, 2))) / deviation.clamp(min=FLATTEST * float(deviation.median()))
        direction = getattr(readout, f"{name}_direction")
        expected = expected + (apart * direction[0] + apart.abs() * direction[1]).sum(dim=-1)
    found = extraction(view).damage
    assert torch.allclose(found, expected, atol=1e-4)
    vectors = [readout.vector({name: one[[place]] for name, one in raw.items()}) for place in range(len(found))]
    along = torch.stack(vectors) @ torch.cat([getattr(readout, f"{name}_direction").flatten() for name in raw])
    assert torch.allclose(along - readout.middle, found.mean(dim=(1, 2)), atol=1e-4)
    half = View(view.image, {"cnn": raw["cnn"].half()})
    assert torch.allclose(extraction(half).damage, expected, atol=0.1)


def test_what_never_varies_over_images_may_not_decide():
    """A value that is the same for all images costs nothing to look at: it counts as one of a small deviation."""
    images = torch.tensor([[-1.0, 0.0], [1.0, 0.0]]).repeat(20, 1)
    steps, falls = torch.tensor([[0.1, 0.001]]).repeat(30, 1), torch.full((30,), -0.1)
    readout = DamageReadout({"cnn": 1})
    readout.follow_scores(steps, falls, images, weight=0.1)
    moved = 0.1 * readout.cnn_direction[1, 0] * NARROWEST
    assert 0 < moved < 0.1
    readout.follow_scores(steps, falls, images[:1], weight=0.1)  # of a single image nothing is known to vary
    assert readout.cnn_direction.isfinite().all()


def test_branches_that_learn_are_not_looked_at(view):
    model = tiny_model(damage_weight=0.5, backbone={"frozen": ["vit"]}).eval()
    assert model.feature_extraction.damage.branches == ["vit"]
    assert model.feature_extraction(view).damage.shape == model(view, source="one").quality_map.shape


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
