import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ksiqa.loss.ordinal import corn, dorn, levels_of

LEVELS = 5
Loss = Callable[[Tensor, Tensor], Tensor]
HEADS = [pytest.param(dorn, (LEVELS - 1, 2), id="dorn"), pytest.param(corn, (LEVELS - 1,), id="corn")]


def case(shape: tuple[int, ...], batch: int = 7) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(batch, *shape, generator=generator, dtype=torch.float64)
    return logits, torch.tensor([0, 4, 2, 0, 1, 3, 4])[:batch]


def test_levels_are_closed_on_the_right() -> None:
    edges = torch.tensor([0.25, 0.5, 0.75])
    target = torch.tensor([0.0, 0.25, 0.26, 0.5, 0.75, 0.76, 1.0, -0.1, 1.2])
    assert levels_of(target, edges).tolist() == [0, 0, 1, 1, 2, 3, 3, 0, 3]


def test_a_level_is_the_number_of_edges_below() -> None:
    generator = torch.Generator().manual_seed(0)
    edges = torch.rand(31, generator=generator).sort().values
    target = torch.cat([torch.rand(100, generator=generator), edges])
    expected = [sum(float(edge) < float(t) for edge in edges) for t in target]
    assert levels_of(target, edges).tolist() == expected


def test_dorn_against_loops() -> None:
    logits, levels = case((LEVELS - 1, 2))
    total = 0.0
    for image in range(7):
        for k in range(LEVELS - 1):
            below, above = map(float, logits[image, k])
            share = math.exp(above) / (math.exp(above) + math.exp(below))
            total -= math.log(share if levels[image] > k else 1 - share)
    assert dorn(logits, levels).item() == pytest.approx(total / 7)


def test_corn_against_loops() -> None:
    logits, levels = case((LEVELS - 1,))
    total = 0.0
    for k in range(LEVELS - 1):
        for image in range(7):
            if levels[image] >= k:  # that is, above k - 1
                share = 1 / (1 + math.exp(-float(logits[image, k])))
                total -= math.log(share if levels[image] > k else 1 - share)
    assert corn(logits, levels).item() == pytest.approx(total / 7)


def test_corn_is_the_likelihood_of_the_level() -> None:
    logits, levels = case((LEVELS - 1,))
    above = torch.sigmoid(logits).cumprod(dim=1)  # P(level > k)
    one, none = torch.ones(7, 1), torch.zeros(7, 1)
    levels_probability = torch.cat([one, above], 1) - torch.cat([above, none], 1)
    expected = -levels_probability[torch.arange(7), levels].log().mean()
    assert corn(logits, levels).item() == pytest.approx(expected.item())


@pytest.mark.parametrize(("loss", "shape"), HEADS)
def test_undecided_logits_cost_log_two_a_threshold(loss: Loss, shape: tuple[int, ...]) -> None:
    top = torch.full((3,), LEVELS - 1)
    assert loss(torch.zeros(3, *shape), top).item() == pytest.approx((LEVELS - 1) * math.log(2))


@pytest.mark.parametrize(("loss", "shape"), HEADS)
@pytest.mark.parametrize("level", range(LEVELS))
def test_every_level_is_trained_the_lowest_too(loss: Loss, shape: tuple[int, ...], level: int) -> None:
    logits = torch.zeros(1, *shape, requires_grad=True)
    loss(logits, torch.tensor([level])).backward()
    assert logits.grad is not None
    above = logits.grad[0, :, 1] if len(shape) == 2 else logits.grad[0]
    pushed = [math.copysign(1, -g) if g else 0 for g in above.tolist()]
    beyond = [-1] * (LEVELS - 1 - level) if loss is dorn else ([-1] + [0] * LEVELS)[: LEVELS - 1 - level]
    assert pushed == [1] * level + beyond


@pytest.mark.parametrize(("loss", "shape"), HEADS)
def test_gradients_are_the_finite_differences(loss: Loss, shape: tuple[int, ...]) -> None:
    logits, levels = case(shape)
    assert torch.autograd.gradcheck(lambda x: loss(x, levels), logits.requires_grad_())


@pytest.mark.parametrize(("loss", "shape"), HEADS)
def test_an_image_counts_the_same_in_any_batch(loss: Loss, shape: tuple[int, ...]) -> None:
    logits, levels = case(shape)
    alone = [loss(logits[i : i + 1], levels[i : i + 1]).item() for i in range(7)]
    assert loss(logits, levels).item() == pytest.approx(sum(alone) / 7)
    assert loss(logits.flip(0), levels.flip(0)).item() == pytest.approx(sum(alone) / 7)


@pytest.mark.parametrize(("loss", "shape"), HEADS)
def test_descent_finds_the_levels(loss: Loss, shape: tuple[int, ...]) -> None:
    logits, levels = case(shape)
    for _ in range(300):
        logits = logits.detach().requires_grad_()
        loss(logits, levels).backward()
        assert logits.grad is not None
        logits = logits - logits.grad
    if loss is dorn:
        found = (logits.softmax(-1)[..., 1] > 0.5).sum(1)
    else:
        found = (torch.sigmoid(logits).cumprod(1) > 0.5).sum(1)
    assert found.tolist() == levels.tolist()


@pytest.mark.parametrize(("loss", "shape"), HEADS)
def test_large_logits_stay_finite(loss: Loss, shape: tuple[int, ...]) -> None:
    logits = torch.full((2, *shape), 1e4).requires_grad_()
    value = loss(logits * torch.arange(2) if len(shape) == 2 else logits, torch.tensor([0, 4]))
    value.backward()
    assert torch.isfinite(value)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
