"""Mental Imagery Generation (MIG): the features that the missing reference would have had.

That the student imagines the reference is in KSIQA's abstract; the forms below are our choice. Each starts as the
distorted features themselves (its last layer starts at zero) and learns the difference. ``identity`` is the honest
baseline: the no-reference mode of YOTO (arXiv 2310.09560) hands the distorted image in twice.
"""

import torch
from torch import nn

from ksiqa.batch import Features
from ksiqa.errors import choice
from ksiqa.model.attention import attention_block, cross_attention_block

QUERIES = 64  # learned imagery queries: as many as an 8x8 grid has tokens


class ResidualImagery(nn.Module):
    """Transformer blocks over the tokens, as a residual."""

    def __init__(self, *, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(attention_block(width=width, heads=heads, hidden=4 * width) for _ in range(depth))
        self.difference = _zero(nn.Linear(width, width))

    def forward(self, features: Features) -> Features:
        """Return imagery on the grid of ``features``."""
        tokens = features.flatten(1, 2)
        for block in self.blocks:
            tokens = block(tokens)
        return features + self.difference(tokens).view_as(features)


class ConvImagery(nn.Module):
    """Depth-wise convolutions over the grid, as a residual."""

    def __init__(self, *, width: int, depth: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 7, padding=3, groups=width), nn.Conv2d(width, width, 1), nn.GELU())
            for _ in range(depth)
        )
        self.difference = _zero(nn.Linear(width, width))

    def forward(self, features: Features) -> Features:
        """Return imagery on the grid of ``features``."""
        maps = features.permute(0, 3, 1, 2)
        for block in self.blocks:
            maps = maps + block(maps)
        return features + self.difference(maps.permute(0, 2, 3, 1))


class QueryImagery(nn.Module):
    """Learned queries gather from the distorted features; every token then asks them what is missing."""

    def __init__(self, *, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(1, QUERIES, width) * 0.02)
        self.gather = nn.ModuleList(cross_attention_block(width=width, heads=heads) for _ in range(depth))
        self.ask = cross_attention_block(width=width, heads=heads)
        self.difference = _zero(nn.Linear(width, width))

    def forward(self, features: Features) -> Features:
        """Return imagery on the grid of ``features``."""
        tokens = features.flatten(1, 2)
        queries = self.queries.expand(tokens.shape[0], -1, -1)
        for block in self.gather:
            queries = block(queries, tokens)
        return features + self.difference(self.ask(tokens, queries)).view_as(features)


def mental_imagery(kind: str, *, width: int, depth: int, heads: int) -> nn.Module:
    """Build the imagery module: ``residual``, ``conv``, ``query`` or ``identity``.

    Raises:
        ConfigError: no such kind.
    """
    choice(kind, allowed=("residual", "identity", "conv", "query"), name="model.imagery")
    if kind == "residual":
        return ResidualImagery(width=width, depth=depth, heads=heads)
    if kind == "conv":
        return ConvImagery(width=width, depth=depth)
    if kind == "query":
        return QueryImagery(width=width, depth=depth, heads=heads)
    return nn.Identity()


def _zero(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
