import torch

from ksiqa.model.attention import attention_block, cross_attention_block


def test_blocks_keep_the_shape_and_draw_nothing_in_training():
    tokens, memory = torch.rand(2, 5, 16), torch.rand(2, 7, 16)
    alone = attention_block(width=16, heads=4, hidden=24).train()
    asking = cross_attention_block(width=16, heads=4).train()
    assert alone(tokens).shape == tokens.shape
    assert torch.equal(alone(tokens), alone(tokens))
    assert torch.equal(asking(tokens, memory), asking(tokens, memory))
    assert not torch.equal(asking(tokens, memory), asking(tokens, memory + 1e-1 * torch.randn_like(memory)))


def test_blocks_are_pre_norm():
    """The scale of the input passes through the residual alone: the branches see normalised tokens."""
    tokens = torch.rand(1, 5, 16)
    block = attention_block(width=16, heads=4, hidden=24).eval()
    small, large = block(tokens) - tokens, block(1000 * tokens) - 1000 * tokens
    assert large.abs().max() < 10 * small.abs().max()


def test_hidden_is_the_networks_width():
    assert attention_block(width=16, heads=4, hidden=24).linear1.out_features == 24
    assert cross_attention_block(width=16, heads=4).linear1.out_features == 64
