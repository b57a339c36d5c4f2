"""The shared decoder: what a distorted image lost against a reference, seen or imagined.

That teacher and student share one decoder is KSIQA's idea (abstract). Both compositions hold the same object; it does
not know which of them calls. ``aligned`` sets each token beside its reference, as AHIQ (arXiv 2204.10485) does;
``residual`` does so, too, and keeps what imagery says as it is; ``cross`` lets every token look at all of the
reference, which forgives misalignment and loses position. The default is better than ``aligned`` on LIVEC with frozen
backbones (``experiments/livec``); with backbones that learn neither was measured.
"""

import torch
from torch import nn

from ksiqa.batch import Features
from ksiqa.errors import choice
from ksiqa.model.attention import attention_block, cross_attention_block


class CrossDecoder(nn.Module):
    """Distorted tokens ask the reference and the difference (reference - distorted)."""

    def __init__(self, *, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.kinds = nn.Parameter(torch.randn(2, 1, width) * 0.02)  # tells reference from difference
        self.memory_norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(cross_attention_block(width=width, heads=heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, distorted: Features, reference: Features) -> Features:
        """Return the decoding Z on the grid of ``distorted``."""
        tokens, seen = distorted.flatten(1, 2), reference.flatten(1, 2)
        memory = torch.cat([seen + self.kinds[0], seen - tokens + self.kinds[1]], dim=1)
        memory = self.memory_norm(memory)
        for block in self.blocks:
            tokens = block(tokens, memory)
        return self.norm(tokens).view_as(distorted)


class AlignedDecoder(nn.Module):
    """Distorted, reference and their difference side by side in each token, then self-attention."""

    def __init__(self, *, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.beside = nn.Linear(3 * width, width)
        self.blocks = nn.ModuleList(attention_block(width=width, heads=heads, hidden=4 * width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, distorted: Features, reference: Features) -> Features:
        """Return the decoding Z on the grid of ``distorted``."""
        tokens = self.beside(torch.cat([distorted, reference, reference - distorted], dim=-1)).flatten(1, 2)
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens).view_as(distorted)


class ResidualDecoder(nn.Module):
    """Tokens of the reference, to which a small map adds what the distorted ones and the difference say, then
    self-attention. Nothing is normalised on the way out: how large a token is counts for the regressor."""

    def __init__(self, *, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.beside = nn.Linear(2 * width, width)
        nn.init.normal_(self.beside.weight, std=0.02)
        nn.init.zeros_(self.beside.bias)
        self.blocks = nn.ModuleList(attention_block(width=width, heads=heads, hidden=4 * width) for _ in range(depth))

    def forward(self, distorted: Features, reference: Features) -> Features:
        """Return the decoding Z on the grid of ``distorted``."""
        beside = self.beside(torch.cat([distorted, reference - distorted], dim=-1))
        tokens = (reference + beside).flatten(1, 2)
        for block in self.blocks:
            tokens = block(tokens)
        return tokens.view_as(distorted)


Decoder = CrossDecoder | AlignedDecoder | ResidualDecoder
DECODERS: dict[str, type[Decoder]] = {"residual": ResidualDecoder, "aligned": AlignedDecoder, "cross": CrossDecoder}


def shared_decoder(kind: str, *, width: int, depth: int, heads: int) -> Decoder:
    """Build the decoder: ``residual``, ``aligned`` or ``cross``.

    Raises:
        ConfigError: no such kind.
    """
    return DECODERS[choice(kind, allowed=DECODERS, name="model.decoder")](width=width, depth=depth, heads=heads)
