"""What a model is shown of an image: fixed views, cut from it where it was made as small as in training."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ksiqa.data.transform import Crop, Pixels, shrunk
from ksiqa.errors import ImageError
from ksiqa.inference.model_folder import TrainedModel

Images = Float[Tensor, "views 3 rows columns"]


class Seen(NamedTuple):
    """An image, or a pair, cut into its views: RGB in [0, 1]."""

    distorted: Images
    reference: Images | None


def seen(trained: TrainedModel, distorted: Pixels, reference: Pixels | None, *, source: str) -> Seen:
    """Cut an image, and its reference at the same places, into the views of a model.

    Raises:
        ImageError: the sizes differ, or the image is smaller than a view.
    """
    short_side = trained.short_side_of(source)
    image = shrunk(distorted, short_side=short_side)
    crops = trained.views.crops(image.shape[:2], np.random.default_rng(0))  # fixed views: nothing is drawn
    if reference is None:
        return Seen(_views(image, crops), None)
    _check_same_size(distorted, reference)
    return Seen(_views(image, crops), _views(shrunk(reference, short_side=short_side), crops))


def _views(image: Pixels, crops: Sequence[Crop]) -> Images:
    parts = np.stack([crop.cut(image) for crop in crops]).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(parts)).float() / 255


def _check_same_size(distorted: Pixels, reference: Pixels) -> None:
    if distorted.shape != reference.shape:
        sizes = [f"{image.shape[1]}x{image.shape[0]}" for image in (distorted, reference)]
        raise ImageError(
            found=f"an image of {sizes[0]} and a reference of {sizes[1]}",
            expected="one size, aligned pixel by pixel",
            do="hand in the reference that the image was made from, at its size",
        )
