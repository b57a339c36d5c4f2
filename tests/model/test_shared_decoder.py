import pytest
import torch

from ksiqa.errors import ConfigError
from ksiqa.model.shared_decoder import shared_decoder

KINDS = ("cross", "aligned", "residual")


@pytest.mark.parametrize("kind", KINDS)
def test_the_decoding_lies_on_the_grid_and_depends_on_both_sides(kind):
    decoder = shared_decoder(kind, width=16, depth=2, heads=4)
    distorted, reference = torch.randn(2, 2, 4, 6, 16)
    decoding = decoder(distorted, reference)
    assert decoding.shape == distorted.shape
    assert not torch.allclose(decoding, decoder(distorted, distorted), atol=1e-3)
    assert not torch.allclose(decoding, decoder(reference, reference), atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_sides_are_not_exchangeable(kind):
    decoder = shared_decoder(kind, width=16, depth=1, heads=4)
    distorted, reference = torch.randn(2, 2, 4, 6, 16)
    assert not torch.allclose(decoder(distorted, reference), decoder(reference, distorted), atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_gets_a_gradient(kind):
    decoder = shared_decoder(kind, width=16, depth=2, heads=4)
    distorted, reference = torch.randn(2, 2, 3, 3, 16)
    decoder(distorted, reference)[..., 0].square().sum().backward()
    silent = [name for name, p in decoder.named_parameters() if p.grad is None]
    assert not silent


@pytest.mark.parametrize("kind", KINDS)
def test_the_rest_of_the_batch_does_not_matter(kind):
    decoder = shared_decoder(kind, width=16, depth=1, heads=4).train()
    distorted, reference = torch.randn(2, 3, 4, 6, 16)
    assert torch.allclose(decoder(distorted, reference)[:1], decoder(distorted[:1], reference[:1]), atol=1e-5)


@pytest.mark.parametrize("kind", ["aligned", "residual"])
def test_cross_forgives_where_a_reference_token_stands_and_others_do_not(kind):
    """Both sides' tokens in another order: only ``cross`` ties no token to the reference at its own place."""
    torch.manual_seed(0)
    distorted, reference = torch.randn(2, 1, 4, 4, 16)
    moved = reference.roll(1, dims=2)
    same = torch.randn(1, 1, 1, 16).expand(1, 4, 4, 16)
    cross, tied = (shared_decoder(one, width=16, depth=1, heads=4) for one in ("cross", kind))
    assert torch.allclose(cross(same, reference), cross(same, moved), atol=1e-5)
    assert not torch.allclose(tied(same, reference), tied(same, moved), atol=1e-3)
    assert not torch.allclose(tied(distorted, reference), tied(distorted, moved), atol=1e-3)


def test_the_residual_decoder_keeps_how_large_a_reference_is():
    decoder = shared_decoder("residual", width=16, depth=1, heads=4)
    distorted, reference = torch.randn(2, 1, 4, 4, 16)
    small, large = decoder(distorted, reference), decoder(distorted, 10 * reference)
    assert large.std() > 5 * small.std()


def test_unknown_kind():
    kinds = "one of aligned, cross, residual"
    told = f"found: model.decoder=crosss\nexpected: {kinds}\ndo: set model.decoder=cross"
    with pytest.raises(ConfigError, match=told):
        shared_decoder("crosss", width=16, depth=1, heads=4)
