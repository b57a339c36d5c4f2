import pytest
import torch
from torch import Tensor
from torch.nn import functional

from ksiqa.loss import imagery, sharing

SHAPE = (2, 3, 4, 16)
PAIRED = [imagery.cosine, imagery.smooth_l1, sharing.decoding]


def grids() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(SHAPE, generator=generator).double(), torch.randn(SHAPE, generator=generator).double()


@pytest.mark.parametrize("loss", PAIRED)
def test_only_the_pattern_of_a_token_counts(loss) -> None:
    a, b = grids()
    assert loss(3 * b - 5, b).item() == pytest.approx(0, abs=1e-5)  # LayerNorm's epsilon
    assert loss(a, b).item() > 0.1
    assert loss(2 * a + 1, 7 * b - 2).item() == pytest.approx(loss(a, b).item(), abs=1e-4)


def test_cosine_by_hand() -> None:
    a, b = grids()
    x, y = a - a.mean(-1, keepdim=True), b - b.mean(-1, keepdim=True)
    cosines = (x * y).sum(-1) / (x.norm(dim=-1) * y.norm(dim=-1))
    assert imagery.cosine(a, b).item() == pytest.approx(1 - cosines.mean().item())
    assert imagery.cosine(-b, b).item() == pytest.approx(2)


@pytest.mark.parametrize("loss", [imagery.smooth_l1, sharing.decoding])
def test_smooth_l1_by_hand(loss) -> None:
    a, b = grids()
    difference = (functional.layer_norm(a, (16,)) - functional.layer_norm(b, (16,))).abs()
    expected = torch.where(difference < 1, difference**2 / 2, difference - 0.5).mean()
    assert loss(a, b).item() == pytest.approx(expected.item())


@pytest.mark.parametrize("loss", PAIRED)
def test_the_target_gets_no_gradient(loss) -> None:
    a, b = (grid.requires_grad_() for grid in grids())
    loss(a, b).backward()
    assert a.grad is not None
    assert a.grad.abs().max() > 0
    assert b.grad is None


@pytest.mark.parametrize("loss", PAIRED)
def test_gradients_are_the_finite_differences(loss) -> None:
    a, b = (grid[:1, :1, :2] for grid in grids())
    assert torch.autograd.gradcheck(lambda x: loss(x, b), a.requires_grad_())


@pytest.mark.parametrize("loss", PAIRED)
def test_descent_finds_the_target(loss) -> None:
    a, b = grids()
    start = loss(a, b).item()
    for _ in range(200):
        a = a.detach().requires_grad_()
        loss(a, b).backward()
        assert a.grad is not None
        a = a - 20 * a.grad
    assert loss(a, b).item() < 0.05 * start


@pytest.mark.parametrize("loss", PAIRED)
def test_constant_tokens_have_finite_gradients(loss) -> None:
    constant = torch.full(SHAPE, 0.5, requires_grad=True)
    loss(constant, grids()[1].float()).backward()
    assert constant.grad is not None
    assert torch.isfinite(constant.grad).all()
    assert torch.isfinite(loss(grids()[0].float(), constant))


@pytest.mark.parametrize("loss", PAIRED)
def test_images_and_places_are_averaged(loss) -> None:
    a, b = grids()
    alone = [loss(a[i : i + 1], b[i : i + 1]).item() for i in range(2)]
    assert loss(a, b).item() == pytest.approx(sum(alone) / 2)
    assert loss(a.flip(0, 1, 2), b.flip(0, 1, 2)).item() == pytest.approx(loss(a, b).item())
