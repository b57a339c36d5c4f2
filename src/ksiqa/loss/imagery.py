"""How far mental imagery is from the reference's features, which are the target and get no gradient.

Both sides pass a LayerNorm without weights first: imagery has to match the pattern of a token, not its size.
"""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def cosine(
    imagery: Float[Tensor, "batch height width channels"],
    features: Float[Tensor, "batch height width channels"],
) -> Float[Tensor, ""]:
    """1 - cosine over the channels, mean over tokens and images; in [0, 2]."""
    return 1 - functional.cosine_similarity(_normed(imagery), _normed(features.detach()), dim=-1).mean()


def smooth_l1(
    imagery: Float[Tensor, "batch height width channels"],
    features: Float[Tensor, "batch height width channels"],
) -> Float[Tensor, ""]:
    """Smooth L1, mean over all elements; it bends at 1, the standard deviation of a normed token."""
    return functional.smooth_l1_loss(_normed(imagery), _normed(features.detach()), beta=1.0)


def _normed(
    x: Float[Tensor, "batch height width channels"],
) -> Float[Tensor, "batch height width channels"]:
    return functional.layer_norm(x, x.shape[-1:])
