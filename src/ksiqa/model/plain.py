"""The plain models that every module of the paper must earn its place against."""

from dataclasses import replace

import torch
from jaxtyping import Float
from numpy import ndarray
from torch import nn

from ksiqa.batch import Extracted, Features, Prediction, View
from ksiqa.model.attention import attention_block
from ksiqa.model.feature_extraction import FeatureExtraction
from ksiqa.model.quality_regressor import Calibration, QualityRegressor, full_precision
from ksiqa.tiles import in_tiles


class PooledRegressor(nn.Module):
    """Mean over the tokens, then a small network: the regressor of the plain trunk."""

    def __init__(self, *, width: int, sources: list[str]) -> None:
        super().__init__()
        self.quality = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))
        self.calibration = Calibration(sources=sources)

    def forward(self, features: Features, *, source: str) -> Prediction:
        """Return the prediction on the scale of ``source``: a score and nothing else."""
        with torch.autocast(features.device.type, enabled=False):  # as in ``QualityRegressor``
            quality = self.quality(full_precision(features).mean(dim=(1, 2))).squeeze(-1)
            score = self.calibration(quality, source=source)
        return Prediction(score=score, regressed=score)

    def start_from(self, scores: Float[ndarray, " rows"], *, source: str, bins: str) -> None:
        """Lay out a source's calibration; there are no levels, whatever ``bins`` says."""
        del bins
        self.calibration.start_from(scores, source=source)


class Body(nn.Module):
    """Self-attention blocks in place of imagery and decoder, as wide as it takes to have as many parameters.

    Args:
        width: channels.
        heads: of the attention.
        depth: blocks.
        parameters: how many to come close to (within one hidden unit a block).
    """

    def __init__(self, *, width: int, heads: int, depth: int, parameters: int) -> None:
        super().__init__()
        smallest = sum(p.numel() for p in attention_block(width=width, heads=heads, hidden=1).parameters())
        per_unit = 2 * width + 1  # one hidden unit: a row in, its bias, a column out
        hidden = max(1, round((parameters / depth - smallest) / per_unit) + 1)
        self.blocks = nn.ModuleList(attention_block(width=width, heads=heads, hidden=hidden) for _ in range(depth))

    def forward(self, features: Features) -> Features:
        """Return features on the same grid."""
        tokens = features.flatten(1, 2)
        for block in self.blocks:
            tokens = block(tokens)
        return tokens.view_as(features)


class Plain(nn.Module):
    """Feature extraction, an optional body, a regressor: no module of the paper but FE."""

    def __init__(
        self,
        *,
        feature_extraction: FeatureExtraction,
        body: nn.Module,
        regressor: PooledRegressor | QualityRegressor,
    ) -> None:
        super().__init__()
        self.feature_extraction = feature_extraction
        self.body = body
        self.regressor = regressor

    def forward(self, distorted: View, *, source: str) -> Prediction:
        """Score images without a reference."""
        return self.assess(self.feature_extraction(distorted), source=source)

    def assess(self, distorted: Extracted, *, source: str) -> Prediction:
        """Score from features."""
        features = distorted.features
        return replace(self.regressor(in_tiles(self.body, features), source=source), features=features)
