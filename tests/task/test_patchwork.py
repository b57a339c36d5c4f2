import pytest
import torch

from ksiqa.batch import Extracted, View
from ksiqa.task.patchwork import Patchwork, patchwork


def _view(images=16, *, known=False):
    if known:
        return View(None, {"cnn": torch.zeros(images, 9, 7, 4)})
    return View(torch.zeros(images, 3, 9 * 32, 7 * 32))


def test_a_patchwork_has_the_tokens_it_tells_and_their_share_of_both_scores():
    own = torch.tensor([[[True, False], [True, True]], [[True, True], [True, True]]])
    made = Patchwork(other=torch.tensor([1, 0]), own=own)
    features = torch.arange(2 * 4 * 3.0).view(2, 2, 2, 3)
    mixed = made.of_features(Extracted(features, None)).features
    assert torch.equal(mixed[0, 0, 1], features[1, 0, 1])
    mixed[0, 0, 1] = features[0, 0, 1]
    assert torch.equal(mixed, features)
    assert torch.allclose(made.of_scores(torch.tensor([0.2, 0.6])), torch.tensor([0.75 * 0.2 + 0.25 * 0.6, 0.6]))


def test_a_models_mean_over_tokens_is_the_patchworks_score():
    """Where each token says its image's score, their mean is the label: nothing but the tokens' share counts."""
    score = torch.rand(16)
    tokens = score.view(-1, 1, 1, 1).expand(-1, 9, 7, 1)
    made = patchwork(_view(), cell=32, seed=[0, 1])
    assert torch.allclose(made.of_features(Extracted(tokens, None)).features.mean(dim=(1, 2, 3)), made.of_scores(score))


@pytest.mark.parametrize("known", [False, True])
def test_patchworks_are_drawn_by_their_seed_on_the_grid_of_tokens(known):
    first, again, next_step = (patchwork(_view(known=known), cell=32, seed=[3, step, 0]) for step in (5, 5, 6))
    assert first.own.shape == (16, 9, 7)
    assert torch.equal(first.own, again.own)
    assert torch.equal(first.other, again.other)
    assert not torch.equal(first.own, next_step.own)
    assert not torch.equal(first.other, next_step.other)


def test_every_image_gives_to_one_and_keeps_half_or_more_of_its_own():
    made = patchwork(_view(400), cell=32, seed=[0])
    assert sorted(made.other.tolist()) == list(range(400))
    share = made.own.float().mean(dim=(1, 2))
    assert share.mean().item() == pytest.approx(0.75, abs=0.02)  # uniform from a half to all
    assert share.std().item() == pytest.approx((1 / 48 + 0.75 * 0.25 / 63) ** 0.5, abs=0.02)
    by_place = made.own.float().mean(dim=0)
    assert by_place.std().item() < 0.04  # no place is favoured
