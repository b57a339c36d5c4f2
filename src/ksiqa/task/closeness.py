"""How close imagery comes to the features of the reference that it never saw."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import Metric

from ksiqa.batch import Features, Prediction


class ImageryCloseness(Metric):
    """Mean squared error of imagery, and of the distorted features in its place, against the reference's features,
    all layer-normalised; over pairs, so that below ``identity_error`` means that something was imagined."""

    full_state_update = False
    imagery: Tensor
    identity: Tensor
    images: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("imagery", "identity", "images"):
            self.add_state(name, default=torch.tensor(0.0), dist_reduce_fx="sum")

    def update(self, prediction: Prediction, reference: Features) -> None:
        """Add a batch of the student's predictions and the references' features."""
        assert prediction.imagery is not None  # callers ask models that imagine
        assert prediction.features is not None
        self.imagery += _error(prediction.imagery, reference)
        self.identity += _error(prediction.features, reference)
        self.images += len(reference)

    def compute(self) -> dict[str, Float[Tensor, ""]]:
        """Return ``imagery_error`` and ``identity_error``, 0 for perfect, about 2 for unrelated features; nothing where
        no image has a reference."""
        if not self.images:
            return {}
        return {"imagery_error": self.imagery / self.images, "identity_error": self.identity / self.images}


def _error(features: Features, reference: Features) -> Float[Tensor, ""]:
    width = reference.shape[-1:]
    apart = F.layer_norm(features, width) - F.layer_norm(reference, width)
    return apart.square().mean(dim=(1, 2, 3)).sum()
