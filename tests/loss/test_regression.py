from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from ksiqa.loss.regression import BETA, mse, plcc, rank, smooth_l1

LOSSES = [mse, smooth_l1, plcc, rank]
Loss = Callable[[Tensor, Tensor], Tensor]


def pair(rows: int = 12, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    score = torch.rand(rows, generator=generator, dtype=torch.float64)
    target = (torch.rand(rows, generator=generator, dtype=torch.float64) * 8).round() / 8  # with ties
    return score, target


def gradient(loss: Loss, score: Tensor, target: Tensor) -> Tensor:
    score = score.clone().requires_grad_()
    loss(score, target).backward()
    assert score.grad is not None
    return score.grad


def test_values_worked_by_hand() -> None:
    score, target = torch.tensor([0.5, 0.25, 1.0]), torch.tensor([0.5, 0.30, 0.5])
    assert mse(score, target).item() == pytest.approx((0.05**2 + 0.5**2) / 3)
    inside, beyond = 0.05**2 / (2 * BETA), 0.5 - BETA / 2
    assert smooth_l1(score, target).item() == pytest.approx((inside + beyond) / 3, rel=1e-5)
    # Pairs with t_i > t_j: (0, 1) falls short by 0.2 - 0.25 < 0; (2, 1) by 0.2 - 0.75 < 0. (0, 2) ties.
    assert rank(score, target).item() == 0
    assert rank(1 - score, target).item() == pytest.approx((0.2 + 0.25 + 0.2 + 0.75) / 2)


def test_plcc_is_one_minus_scipys() -> None:
    for seed in range(5):
        score, target = pair(seed=seed)
        assert plcc(score, target).item() == pytest.approx(1 - stats.pearsonr(score, target).statistic)
    assert plcc(target, target).item() == pytest.approx(0, abs=1e-12)
    assert plcc(-3 * target + 7, target).item() == pytest.approx(2)


def test_rank_against_two_loops() -> None:
    score, target = pair()
    short = [
        max(0.0, float((target[i] - target[j]) - (score[i] - score[j])))
        for i in range(12)
        for j in range(12)
        if target[i] > target[j]
    ]
    assert rank(score, target).item() == pytest.approx(np.mean(short))


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_are_the_finite_differences(loss: Loss) -> None:
    score, target = pair()
    assert torch.autograd.gradcheck(lambda x: loss(x, target), score.requires_grad_())


@pytest.mark.parametrize("loss", LOSSES)
def test_descent_brings_the_order(loss: Loss) -> None:
    score, target = pair()
    start = loss(score, target).item()
    for _ in range(500):
        score = score - 0.1 * gradient(loss, score, target)
    assert loss(score, target).item() < 0.1 * start
    assert stats.pearsonr(score, target).statistic > 0.95


@pytest.mark.parametrize("loss", LOSSES)
def test_the_order_of_the_batch_means_nothing(loss: Loss) -> None:
    score, target = pair()
    order = torch.randperm(12, generator=torch.Generator().manual_seed(1))
    assert loss(score[order], target[order]).item() == pytest.approx(loss(score, target).item())
    torch.testing.assert_close(gradient(loss, score[order], target[order]), gradient(loss, score, target)[order])


@pytest.mark.parametrize("loss", LOSSES)
def test_perfect_scores_cost_nothing(loss: Loss) -> None:
    target = pair()[1]
    assert loss(target, target).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("loss", [plcc, rank])
def test_one_image_has_no_order(loss: Loss) -> None:
    score, target = torch.tensor([0.3]), torch.tensor([0.9])
    assert loss(score, target).item() == 0
    assert gradient(loss, score, target).tolist() == [0]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_constant_batches_have_finite_gradients(loss: Loss, dtype: torch.dtype) -> None:
    varied, constant = torch.linspace(0, 1, 9, dtype=dtype), torch.full((9,), 0.3, dtype=dtype)
    for score, target in ((constant, varied), (varied, constant), (constant, constant)):
        assert torch.isfinite(loss(score, target))
        assert torch.isfinite(gradient(loss, score, target)).all()


def test_constant_scores_are_pulled_apart_along_the_targets() -> None:
    target = torch.linspace(0, 1, 9, dtype=torch.float64)
    score = torch.full((9,), 0.3, dtype=torch.float64)
    assert plcc(score, target).item() == pytest.approx(1)
    assert stats.pearsonr(-gradient(plcc, score, target), target).statistic == pytest.approx(1)


def test_constant_targets_teach_no_order() -> None:
    score, target = pair()[0], torch.full((12,), 0.5, dtype=torch.float64)
    assert plcc(score, target).item() == pytest.approx(1)
    assert rank(score, target).item() == 0
    for loss in (plcc, rank):
        assert gradient(loss, score, target).abs().max() == 0


def test_plcc_in_half_precision_is_worked_in_float32() -> None:
    score, target = (v.to(torch.bfloat16) for v in pair())
    found = plcc(score, target)
    assert found.dtype == torch.float32
    expected = 1 - stats.pearsonr(score.double(), target.double()).statistic
    assert found.item() == pytest.approx(expected, abs=1e-5)
