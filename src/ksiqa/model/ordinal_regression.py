"""Deep ordinal regression: probabilities that quality exceeds each of K - 1 thresholds between K levels.

That KSIQA combines its regressor with deep ordinal regression is in its abstract. ``dorn``: Fu et al., "Deep ordinal
regression network", CVPR 2018, two logits a threshold, with soft decoding as in AGAIQA and DOR-IQA. ``corn``: Shi, Cao,
Raschka, "Deep neural networks for rank-consistent ordinal regression", 2021: each logit is conditional on the threshold
below, so that the probabilities fall by construction.

A source of scores has its own biases and its own levels (edges and centres) over shared weights.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor, nn

from ksiqa.errors import ConfigError, choice

Exceeding = Float[Tensor, "batch thresholds"]


class OrdinalHead(nn.Module):
    """Logits of the thresholds, probabilities of the levels and the score they expect.

    Args:
        kind: ``dorn`` or ``corn``.
        width: channels of the pooled decoding.
        levels: K, at least 2.
        sources: names of the sources of scores.
    """

    def __init__(self, *, kind: str, width: int, levels: int, sources: Sequence[str]) -> None:
        super().__init__()
        self.kind = choice(kind, allowed=("dorn", "corn"), name="model.ordinal")
        if levels < 2:
            raise ConfigError(found=f"model.levels={levels}", expected="two levels or more", do="set model.levels=32")
        self.levels = levels
        pair = (2,) if kind == "dorn" else ()
        self.shape = (levels - 1, *pair)
        self.linear = nn.Linear(width, int(np.prod(self.shape)), bias=False)
        self.biases = nn.ParameterDict({source: torch.zeros(self.shape) for source in sources})
        edges = torch.linspace(0, 1, levels + 1)
        for source in sources:
            self.register_buffer(f"edges_{source}", edges[1:-1].clone())
            self.register_buffer(f"centres_{source}", (edges[1:] + edges[:-1]) / 2)

    def forward(
        self, pooled: Float[Tensor, "batch width"], *, source: str, shift: Float[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch thresholds *pair"]:
        """Return the thresholds' logits, raised by ``shift``; for ``dorn`` a pair a threshold (not above, above)."""
        logits = self.linear(pooled).view(pooled.shape[0], *self.shape) + self.biases[source]
        if shift is None:
            return logits
        shift = shift.view(-1, 1)
        return logits + (shift if self.kind == "corn" else torch.stack([torch.zeros_like(shift), shift], dim=-1))

    def probabilities(self, thresholds: Float[Tensor, "batch thresholds *pair"]) -> Float[Tensor, "batch levels"]:
        """Return the probability of each level: none negative, a sum of 1."""
        above = torch.cummin(self.exceeding(thresholds), dim=1).values
        ones, zeros = torch.ones_like(above[:, :1]), torch.zeros_like(above[:, :1])
        return torch.cat([ones, above], dim=1) - torch.cat([above, zeros], dim=1)

    def exceeding(self, thresholds: Float[Tensor, "batch thresholds *pair"]) -> Exceeding:
        """Return P(level > k). DORN's are not rank-consistent by construction."""
        if self.kind == "dorn":
            return thresholds.softmax(dim=-1)[..., 1]
        return thresholds.sigmoid().cumprod(dim=1)

    def expected(self, thresholds: Float[Tensor, "batch thresholds *pair"], *, source: str) -> Float[Tensor, " batch"]:
        """Return the soft decoding: the lowest level's centre plus every step up, weighted by its probability."""
        centres = getattr(self, f"centres_{source}")
        return centres[0] + self.exceeding(thresholds) @ centres.diff()

    def edges(self, source: str) -> Float[Tensor, " thresholds"]:
        """Return the inner edges between the levels of a source, in [0, 1]."""
        return getattr(self, f"edges_{source}")

    @torch.no_grad()
    def start_from(self, scores: Float[ndarray, " rows"], *, source: str, bins: str) -> None:
        """Lay a source's levels (``uniform`` or ``quantile``) and let its biases start at the share above each.

        Args:
            scores: the training part's scores in [0, 1].
            source: whose levels.
            bins: how the edges lie.

        Raises:
            ConfigError: no such ``bins``, or quantiles that coincide because scores repeat.
        """
        choice(bins, allowed=("uniform", "quantile"), name="model.bins")
        if bins == "quantile":
            edges = np.quantile(scores, np.linspace(0, 1, self.levels + 1)[1:-1])
            ends = np.concatenate([[0.0], edges, [1.0]])
            if (np.diff(ends) <= 0).any():
                raise ConfigError(
                    found=f"model.bins=quantile with {self.levels} levels over {len(np.unique(scores))}"
                    " different scores",
                    expected="quantiles that differ",
                    do="set model.bins=uniform or fewer model.levels",
                )
            self.edges(source).copy_(torch.from_numpy(edges))
            getattr(self, f"centres_{source}").copy_(torch.from_numpy((ends[1:] + ends[:-1]) / 2))
        inner = self.edges(source).cpu().double().numpy()
        share = [(np.sum(scores > edge) + 0.5) / (len(scores) + 1) for edge in inner]  # never 0 or 1
        above = torch.tensor(share)
        if self.kind == "corn":
            above = above / torch.cat([torch.ones(1, dtype=above.dtype), above[:-1]])
            self.biases[source].copy_(torch.logit(above.clamp(max=1 - 1e-3)))
        else:
            self.biases[source].copy_(torch.stack([torch.zeros_like(above), torch.logit(above)], dim=1))
