"""What is known of a pristine pair, a reference against itself, although nobody rated it: nothing looks better."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def pristine(score: Float[Tensor, " pairs"], label: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Mean of max(0, b - s) over the scores s of pristine pairs, where b is the batch's best label: a bound, no label.

    A pair that scores above the best-rated distorted image costs nothing, however far above it lies.
    """
    return functional.relu(label.max() - score).mean()
