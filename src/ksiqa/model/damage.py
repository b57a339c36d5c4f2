"""Damage: a look at the raw features of frozen branches, by which the worse of two copies of a photograph lies farther
on.

Whatever learns scores of photographs learns above all what tells one photograph from another, and hardly what tells a
mild step of a codec from the next; the features that it looks at know these steps. That copies of one photograph have
a known order without anybody's opinion is RankIQA's idea (arXiv 1707.08347); that a fixed readout of them stands
beside the decoder, and how it is found, is our choice (experiments/shipped).
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor, nn

from ksiqa.batch import Features

PENALTY = 1e-2  # of ``follow_copies``, on the squared direction, beside a mean over steps
FIRM = 0.03  # of ``follow_scores``: by so much latent quality is to fall at a step
PRICE = 0.14  # there, of the squared damage of images at a weight of 1
EVEN = 1.0  # there, in prices, of the squared direction: other images vary more along it than those it was found on
UNEVEN = 5.0  # there, in prices, of how differently steps go along it: the more alike, the surer those of others
NARROWEST = 0.05  # least spread of a value over images, in deviations over tokens: what never varied yet may do so
FLATTEST = 0.1  # least deviation of a channel, as a share of the branch's median
LONGEST = {"maxiter": 1000, "maxfun": 2000}

Steps = Float[Tensor, "steps values"]
Images = Float[Tensor, "images values"]


class DamageReadout(nn.Module):
    """A direction in what frozen branches see of a token: in each channel, in deviations from its mean, and in how far
    it lies from there. Nothing is damage until ``follow_copies`` or ``follow_scores`` finds it; no training changes it.

    Args:
        channels: of each branch that it looks at, by name.
    """

    middle: Tensor

    def __init__(self, channels: Mapping[str, int]) -> None:
        super().__init__()
        self.branches = list(channels)
        for name, count in channels.items():
            self.register_buffer(f"{name}_mean", torch.zeros(count))
            self.register_buffer(f"{name}_deviation", torch.ones(count))
            self.register_buffer(f"{name}_direction", torch.zeros(2, count))
        self.register_buffer("middle", torch.zeros(()))

    def forward(self, raw: Features, *, branch: str) -> Float[Tensor, "batch height width 1"]:
        """Return each token's damage as far as one branch sees it, in full precision. The sum over branches, as a mean
        over an image's tokens, is the image's, which is 0 for the mean of the images that it was fitted to."""
        with torch.autocast(raw.device.type, enabled=False):
            direction = getattr(self, f"{branch}_direction")
            apart = self._apart(raw.to(direction.dtype), branch)
            seen = apart @ direction[0] + apart.abs() @ direction[1]
            return (seen - self.middle / len(self.branches)).unsqueeze(-1)

    def vector(self, known: Mapping[str, Features]) -> Float[Tensor, " values"]:
        """Return what is linear in an image's damage: means over the tokens of all its views."""
        apart = [self._apart(known[name].float(), name).flatten(0, 2) for name in self.branches]
        return torch.cat([half for one in apart for half in (one.mean(dim=0), one.abs().mean(dim=0))])

    def start_from(self, moments: Mapping[str, tuple[Tensor, Tensor]]) -> None:
        """Note each branch's mean and deviation over tokens, by channel."""
        for name in self.branches:
            mean, deviation = moments[name]
            getattr(self, f"{name}_mean").copy_(mean)
            getattr(self, f"{name}_deviation").copy_(deviation.clamp(min=FLATTEST * float(deviation.median())))

    def centre(self, images: Images) -> None:
        """Let other images have a mean of 0, along the direction that there is."""
        halves = [getattr(self, f"{name}_direction").flatten() for name in self.branches]
        self.middle.copy_((images @ torch.cat(halves)).mean())

    def follow_copies(self, steps: Steps, images: Images) -> None:
        """Find the direction along which ``steps`` go forward: a logistic regression with an L2 penalty.

        Args:
            steps: how the vectors change from a copy of a photograph to a worse one.
            images: vectors of images as they will be scored; their damage has mean 0 and deviation 1.
        """
        spread = _spread(images)
        along = _array(steps / spread)

        def cost(direction: ndarray) -> tuple[float, ndarray]:
            order, slope = _disorder(along @ direction)
            return order + PENALTY / 2 * direction @ direction, along.T @ slope + PENALTY * direction

        direction = _least(cost, values=along.shape[1]).to(images) / spread
        self._point(direction / _spread(images @ direction), images)

    def follow_scores(self, steps: Steps, falls: Float[Tensor, " steps"], images: Images, *, weight: float) -> None:
        """Find the direction that makes scores fall at each of ``steps``, whatever the student makes of it by itself,
        and that moves the scores of ``images`` as little, and all steps as much alike, as it can.

        Args:
            steps: how the vectors change from a copy of a photograph to a slightly worse one.
            falls: by how much the student's latent quality falls there, without damage.
            images: vectors of images as they will be scored; their damage has mean 0.
            weight: of damage in the latent quality; the larger, the more the order of copies counts.
        """
        spread = _spread(images)
        along, by_itself = _array(steps / spread) / FIRM, _array(falls) / FIRM
        dear = np.vstack([_apart_from_mean(images / spread), np.sqrt(UNEVEN) * _apart_from_mean(steps / spread)])
        price = PRICE / weight**2

        def cost(direction: ndarray) -> tuple[float, ndarray]:
            order, slope = _disorder(by_itself + along @ direction)
            moved, even = dear @ direction, EVEN * direction
            return (
                order + price / 2 * (moved @ moved + even @ direction),
                along.T @ slope + price * (dear.T @ moved + even),
            )

        self._point(_least(cost, values=along.shape[1]).to(images) / spread / weight, images)

    def _apart(self, raw: Features, branch: str) -> Features:
        return (raw - getattr(self, f"{branch}_mean")) / getattr(self, f"{branch}_deviation")

    def _point(self, direction: Float[Tensor, " values"], images: Images) -> None:
        """Take a direction of ``vector``."""
        sizes = [2 * len(getattr(self, f"{name}_mean")) for name in self.branches]
        for name, part in zip(self.branches, torch.split(direction, sizes), strict=True):
            getattr(self, f"{name}_direction").copy_(part.view(2, -1))
        self.centre(images)


def _spread(images: Float[Tensor, "images *values"]) -> Float[Tensor, " *values"]:
    of_several = min(1, len(images) - 1)  # a single one has no deviation
    return images.std(dim=0, correction=of_several).clamp(min=NARROWEST)


def _apart_from_mean(rows: Float[Tensor, "rows values"]) -> ndarray:
    """Return rows whose squares along a direction sum up to the variance there."""
    return _array(rows - rows.mean(dim=0)) / np.sqrt(len(rows))


def _array(values: Tensor) -> ndarray:
    return np.asarray(values.double().cpu().numpy(), dtype=np.float64)


def _disorder(forward: ndarray) -> tuple[float, ndarray]:
    """Return the mean logistic loss of steps by how far they go forward, and its slope."""
    from scipy.special import expit  # see _least

    return float(np.logaddexp(0, -forward).mean()), -expit(-forward) / len(forward)


def _least(cost: Callable[[ndarray], tuple[float, ndarray]], *, values: int) -> Tensor:
    from scipy.optimize import minimize  # takes half a second, which who scores shall not wait for

    return torch.from_numpy(minimize(cost, np.zeros(values), jac=True, method="L-BFGS-B", options=LONGEST).x)
