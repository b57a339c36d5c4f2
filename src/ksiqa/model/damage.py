"""Damage: a linear look at local features, along which the worse of two copies of a photograph lies farther.

Whatever learns scores of photographs learns above all what tells one photograph from another, and hardly what tells a
mild step of a codec from the next; the frozen features of a convolutional network know these steps. That copies of one
photograph have a known order without anybody's opinion is RankIQA's idea (arXiv 1707.08347); that a fixed linear
readout of them stands beside the decoder is our choice (experiments/shipped).
"""

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.optimize import minimize
from scipy.special import expit
from torch import Tensor, nn

from ksiqa.batch import Features

PENALTY = 1e-2  # on the squared direction, beside a mean over steps
SMALLEST_SPREAD = 1e-6


class DamageReadout(nn.Module):
    """A direction in the raw features of a frozen branch. ``start_from`` finds it; no training changes it.

    Args:
        channels: of the branch.
    """

    direction: Tensor
    middle: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("direction", torch.zeros(channels))
        self.register_buffer("middle", torch.zeros(()))

    def forward(self, raw: Features) -> Float[Tensor, "batch height width 1"]:
        """Return each token's damage, in full precision; the mean over an image's tokens is the image's, in deviations
        from the mean of the images that ``start_from`` was shown."""
        with torch.autocast(raw.device.type, enabled=False):
            return (raw.to(self.direction.dtype) @ self.direction - self.middle).unsqueeze(-1)

    def start_from(self, steps: Float[Tensor, "steps channels"], images: Float[Tensor, "images channels"]) -> None:
        """Find the direction along which ``steps`` go forward: a logistic regression with an L2 penalty.

        Args:
            steps: how the mean features change from a copy to a worse one.
            images: mean features of images as they will be scored; their damage has mean 0 and deviation 1.
        """
        spread = images.std(dim=0) + SMALLEST_SPREAD
        direction = _forward_direction(steps / spread) / spread
        along = images @ direction
        scale = along.std() + SMALLEST_SPREAD
        self.direction.copy_(direction / scale)
        self.middle.copy_(along.mean() / scale)


def _forward_direction(steps: Float[Tensor, "steps channels"]) -> Float[Tensor, " channels"]:
    rows = steps.double().cpu().numpy()

    def loss_and_slope(direction: ndarray) -> tuple[float, ndarray]:
        along = rows @ direction
        slope = -(rows * expit(-along)[:, None]).mean(axis=0) + PENALTY * direction
        return float(np.logaddexp(0, -along).mean() + PENALTY / 2 * direction @ direction), slope

    found = minimize(loss_and_slope, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B")
    return torch.from_numpy(found.x).to(steps)
