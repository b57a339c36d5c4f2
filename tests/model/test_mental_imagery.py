import pytest
import torch

from ksiqa.errors import ConfigError
from ksiqa.model.mental_imagery import mental_imagery

KINDS = ("residual", "identity", "conv", "query")


@pytest.mark.parametrize("kind", KINDS)
def test_imagery_starts_as_the_distorted_features_themselves(kind):
    features = torch.randn(2, 4, 6, 16)
    assert torch.equal(mental_imagery(kind, width=16, depth=2, heads=4)(features), features)


@pytest.mark.parametrize("kind", ["residual", "conv", "query"])
def test_imagery_learns_a_difference(kind):
    """A few steps towards another set of features come closer to it than the identity is."""
    torch.manual_seed(0)
    features, wanted = torch.randn(2, 4, 4, 4, 16)
    imagery = mental_imagery(kind, width=16, depth=1, heads=4)
    optimiser = torch.optim.Adam(imagery.parameters(), lr=1e-2)
    for _ in range(40):
        loss = (imagery(features) - wanted).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.75 * (features - wanted).square().mean()
    assert all(p.grad is not None for p in imagery.parameters())  # no part is left out


@pytest.mark.parametrize("kind", KINDS)
def test_imagery_of_an_image_does_not_depend_on_the_rest_of_the_batch(kind):
    imagery = mental_imagery(kind, width=16, depth=1, heads=4).train()
    for parameter in imagery.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    features = torch.randn(3, 4, 6, 16)
    assert torch.allclose(imagery(features)[:1], imagery(features[:1]), atol=1e-5)


def test_depth_counts_the_blocks():
    for kind in ("residual", "conv", "query"):
        one, three = (
            sum(p.numel() for p in mental_imagery(kind, width=16, depth=depth, heads=4).parameters())
            for depth in (1, 3)
        )
        assert three > one


def test_identity_learns_nothing():
    assert not list(mental_imagery("identity", width=16, depth=2, heads=4).parameters())


def test_unknown_kind_names_the_nearest():
    with pytest.raises(
        ConfigError,
        match=r"found: model.imagery=residuals\nexpected: one of conv, identity, query, residual\n"
        r"do: set model.imagery=residual",
    ):
        mental_imagery("residuals", width=16, depth=1, heads=4)
