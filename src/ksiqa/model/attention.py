"""The two attention blocks that imagery, decoder and the parameter-matched plain model are made of."""

from torch import nn


def attention_block(*, width: int, heads: int, hidden: int) -> nn.TransformerEncoderLayer:
    """Return a pre-norm self-attention block over (batch, tokens, width); ``hidden`` is its network's width."""
    return nn.TransformerEncoderLayer(
        width, heads, hidden, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )


def cross_attention_block(*, width: int, heads: int) -> nn.TransformerDecoderLayer:
    """Return a pre-norm block (self-attention, cross-attention, network) over queries and a memory."""
    return nn.TransformerDecoderLayer(
        width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
