import pytest
import torch

from ksiqa.loss.pristine import pristine


def test_the_mean_of_what_lacks_to_the_batchs_best_label():
    score = torch.tensor([0.9, 0.8, 0.5, 0.2])
    label = torch.tensor([0.1, 0.8, 0.3])
    assert pristine(score, label).item() == pytest.approx((0.0 + 0.0 + 0.3 + 0.6) / 4)


def test_scores_above_the_bound_are_left_alone():
    score = torch.tensor([0.85, 1.0, 0.4], requires_grad=True)
    pristine(score, torch.tensor([0.8, 0.1])).backward()
    assert score.grad.tolist() == pytest.approx([0.0, 0.0, -1 / 3])
