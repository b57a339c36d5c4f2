"""The total of named, weighted loss terms."""

import math
from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

from ksiqa.errors import ConfigError, choice

TERMS = {
    "mse": "squared difference of score and target",
    "smooth_l1": "smooth L1 between score and target",
    "plcc": "1 - Pearson's correlation within the batch",
    "rank": "hinge over pairs in the wrong order",
    "ordinal": "cross entropy of the ordinal levels, summed over thresholds",
    "pristine": "how far the teacher scores pristine pairs below the batch's best label",
    "imagery_cosine": "1 - cosine between imagery and the reference's features",
    "imagery_smooth_l1": "smooth L1 between imagery and the reference's features",
    "sharing_decoding": "smooth L1 between the student's and the teacher's decoder output",
    "sharing_score": "smooth L1 between the student's and the teacher's score",
}
ANCHORS = frozenset({"mse", "smooth_l1"})
SCALELESS = frozenset({"plcc", "rank"})


class Weighted:
    """Sums loss terms by weight; a term that is not named has weight 0.

    Raises:
        ConfigError: an unknown name, a weight that is negative or not finite, no weight above 0, or ``plcc``
            or ``rank`` without a term that knows the scale.
    """

    def __init__(self, weights: Mapping[str, float | int]) -> None:
        for name, weight in weights.items():
            choice(name, allowed=TERMS, name="loss term")
            if not (math.isfinite(weight) and weight >= 0):
                raise ConfigError(
                    found=f"loss.weights.{name}={weight}",
                    expected="a finite weight, 0 or more",
                    do=f"set loss.weights.{name} to 0 to leave the term out, or to a positive number",
                )
        self.weights = {name: float(weight) for name, weight in weights.items() if weight > 0}
        if not self.weights:
            raise ConfigError(
                found="loss.weights with no weight above 0",
                expected="at least one term to learn from",
                do="set a weight, such as loss.weights.mse=1",
            )
        scaleless = sorted(self.active & SCALELESS)
        if scaleless and not self.active & ANCHORS:
            raise ConfigError(
                found=f"loss.weights.{scaleless[0]}={self.weights[scaleless[0]]:g} without mse or smooth_l1",
                expected=f"an anchor beside it: {scaleless[0]} knows no scale",
                do="set loss.weights.mse or loss.weights.smooth_l1 above 0; 0.1 is enough",
            )

    @property
    def active(self) -> frozenset[str]:
        """The names with a weight above 0: the only terms that need computing."""
        return frozenset(self.weights)

    def __call__(self, terms: Mapping[str, Float[Tensor, ""]]) -> Float[Tensor, ""]:
        """The weighted sum of the terms present; ``student/mse`` and ``teacher/mse`` both are ``mse``.

        Raises:
            ConfigError: no term at all, or one without a weight, which would be left out in silence.
        """
        if not terms:
            raise ConfigError(
                found="a step without any loss term",
                expected=f"one of {', '.join(sorted(self.active))}",
                do="give a weight to a term that this training computes",
            )
        total = [
            self.weights[choice(key.rpartition("/")[2], allowed=self.active, name="loss term")] * term
            for key, term in terms.items()
        ]
        return sum(total[1:], start=total[0])
