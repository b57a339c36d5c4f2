"""Quality-aware regressor (QAR): a score and a weight for every token, joined with ordinal levels.

That KSIQA has a quality-aware regressor is in its abstract. The weighted mean of token scores is MANIQA's
(arXiv 2204.08958) and AGAIQA's; so is the mix of regressed and ordinal score with a learned weight (AGAIQA).

Where an image's tokens are scored alike, and the regressed score is the ordinal one, the score is nearer to people's:
how far these readings lie apart is its doubt, which tells intervals where to be wide. That is our choice; with LIVEC's
labels the spread of the ordinal levels says less (``experiments/livec``).
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor, nn

from ksiqa.batch import Features, Prediction
from ksiqa.model.ordinal_regression import OrdinalHead

STEADY = 0.1  # of the scale: doubt where all readings agree


class Calibration(nn.Module):
    """A monotone map from a latent quality to each source's score: sigmoid(scale x quality + shift), scale > 0."""

    def __init__(self, *, sources: Sequence[str]) -> None:
        super().__init__()
        self.log_scale = nn.ParameterDict({source: torch.zeros(()) for source in sources})
        self.shift = nn.ParameterDict({source: torch.zeros(()) for source in sources})

    def forward(self, quality: Float[Tensor, "*any"], *, source: str) -> Float[Tensor, "*any"]:
        """Return scores in [0, 1]."""
        return torch.sigmoid(self.log_scale[source].exp() * quality + self.shift[source])

    @torch.no_grad()
    def start_from(self, scores: Float[ndarray, " rows"], *, source: str) -> None:
        """Let a source start at the mean of its training scores."""
        mean = float(np.clip(scores.mean(), 0.01, 0.99))  # a finite logit where all scores are 0 or 1
        self.shift[source].fill_(np.log(mean / (1 - mean)))


class QualityRegressor(nn.Module):
    """From a decoding to a score, its levels and its map.

    Args:
        width: channels of the decoding.
        ordinal: the ordinal head, or None for the regressed score alone.
        regressed_share: of the mixed score at the start; the mix is learned and stays convex.
        sources: names of the sources of scores.
        damage_weight: by how much the latent quality falls with an image's damage, where it is known. That of single
            tokens scatters as widely as their quality, and is not told: the map and doubt are of what was learned.
    """

    def __init__(
        self,
        *,
        width: int,
        ordinal: OrdinalHead | None,
        regressed_share: float,
        sources: Sequence[str],
        damage_weight: float = 0.0,
    ) -> None:
        super().__init__()
        self.damage_weight = damage_weight
        self.quality = _head(width)
        self.weight = _head(width)
        self.calibration = Calibration(sources=sources)
        self.ordinal = ordinal
        share = torch.tensor(regressed_share)
        self.mix = nn.Parameter(torch.logit(share)) if ordinal is not None else None

    def forward(
        self, decoding: Features, *, source: str, damage: Float[Tensor, "batch height width"] | None = None
    ) -> Prediction:
        """Return the prediction on the scale of ``source``, in full precision whatever the network runs in: half
        precision knows a few hundred scores."""
        with torch.autocast(decoding.device.type, enabled=False):
            return self._assessed(full_precision(decoding), damage, source)

    def start_from(self, scores: Float[ndarray, " rows"], *, source: str, bins: str) -> None:
        """Lay out a source's calibration and levels by the scores of its training part."""
        self.calibration.start_from(scores, source=source)
        if self.ordinal is not None:
            self.ordinal.start_from(scores, source=source, bins=bins)

    def slope(self, source: str) -> Float[Tensor, ""]:
        """Return how steeply the logit of the regressed score rises with the latent quality."""
        return self.calibration.log_scale[source].exp()

    def _assessed(self, decoding: Features, damage: Tensor | None, source: str) -> Prediction:
        tokens = decoding.flatten(1, 2)
        quality = self.quality(tokens).squeeze(-1)
        lost = tokens.new_zeros(tokens.shape[:1]) if damage is None else self.damage_weight * damage.mean(dim=(1, 2))
        weight = self.weight(tokens).squeeze(-1).sigmoid()
        weight = weight / weight.sum(dim=1, keepdim=True)
        of_tokens = self.calibration(quality - lost.unsqueeze(1), source=source)
        regressed = self.calibration((weight * quality).sum(dim=1) - lost, source=source)
        grid = decoding.shape[:3]
        maps = {
            "quality_map": of_tokens.view(grid),
            "weight_map": weight.view(grid),
            "decoding": decoding,
        }
        if self.ordinal is None or self.mix is None:
            doubt = _doubt(of_tokens, weight, apart=torch.zeros_like(regressed))
            return Prediction(score=regressed, regressed=regressed, doubt=doubt, **maps)
        pooled = (weight.unsqueeze(-1) * tokens).sum(dim=1)
        thresholds = self.ordinal(pooled, shift=-lost, source=source)
        expected = self.ordinal.expected(thresholds, source=source)
        return Prediction(
            score=torch.lerp(expected, regressed, self.mix.sigmoid()),
            regressed=regressed,
            thresholds=thresholds,
            level_probabilities=self.ordinal.probabilities(thresholds),
            doubt=_doubt(of_tokens, weight, apart=regressed - expected),
            **maps,
        )


def _doubt(
    scores: Float[Tensor, "batch tokens"], weight: Float[Tensor, "batch tokens"], *, apart: Float[Tensor, " batch"]
) -> Float[Tensor, " batch"]:
    """Return the root of the tokens' weighted variance and the squared difference of regressed and ordinal score."""
    mean = (weight * scores).sum(dim=1, keepdim=True)
    variance = (weight * (scores - mean).square()).sum(dim=1)
    return STEADY + (variance + apart.square()).sqrt()


def full_precision(features: Features) -> Features:
    """Return features in single precision; in double where they are so."""
    return features.to(torch.promote_types(features.dtype, torch.float32))


def _head(width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))
