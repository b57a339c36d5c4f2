"""What travels between data, model and task: views, batches and predictions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

Features = Float[Tensor, "batch height width channels"]
"""Features on the token grid: height and width count tokens, not pixels."""
Which = slice | Bool[Tensor, " batch"]
"""Index of some of a batch: all, or those that are marked."""


@dataclass  # not frozen: Lightning fills a copy while it moves a batch to a device
class View:
    """Images of one size, and what frozen backbones have already said of them.

    ``image`` is RGB in [0, 1]; on its way to the device it still is bytes. ``known`` maps a branch (``vit``, ``cnn``)
    to its features on the token grid, so that a frozen branch need not run again; it is empty where every branch runs.
    Where every branch's features are known, ``image`` may be None.
    """

    image: Float[Tensor, "batch 3 rows columns"] | UInt8[Tensor, "batch 3 rows columns"] | None
    known: Mapping[str, Features] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.known.values())) if self.image is None else self.image)

    def at(self, which: Which) -> "View":
        """Return some of the images."""
        image = None if self.image is None else self.image[which]
        return View(image, {branch: features[which] for branch, features in self.known.items()})


def stacked(*views: View) -> View:
    """Put views of images of one size into one batch, the first on top."""
    known = {branch: torch.cat([view.known[branch] for view in views]) for branch in views[0].known}
    images = [view.image for view in views if view.image is not None]
    return View(torch.cat(images) if images else None, known)


@dataclass
class Batch:
    """Scored images of one source.

    ``views`` counts the views of an image, which lie next to each other in ``distorted`` and ``reference``:
    with 2 images of 3 views these hold 6. ``row`` is the image's row in its source's table. ``referenced`` tells which
    images have a reference where some have none (None: all have, or none has); ``reference`` holds these alone.
    """

    distorted: View
    reference: View | None
    score: Float[Tensor, " images"]  # in [0, 1], higher is better
    row: Int[Tensor, " images"]
    views: int = 1
    referenced: Bool[Tensor, " images"] | None = None

    @property
    def pairs(self) -> Which:
        """Index of the images that have a reference."""
        if self.reference is None:
            return slice(0)
        return slice(None) if self.referenced is None else self.referenced

    @property
    def paired_views(self) -> Which:
        """Index of the views of the images that have a reference."""
        pairs = self.pairs
        return pairs if isinstance(pairs, slice) else pairs.repeat_interleave(self.views)


@dataclass(frozen=True)
class Extracted:
    """What feature extraction says of images: their fused features and, where there is a readout of it and nothing is
    trained, how damaged each token looks (see ``ksiqa.model.damage``)."""

    features: Features
    damage: Float[Tensor, "batch height width"] | None

    def __getitem__(self, which: Which) -> "Extracted":
        """Return what it says of some of the images."""
        return Extracted(self.features[which], None if self.damage is None else self.damage[which])


@dataclass(frozen=True)
class Prediction:
    """What a model says of a batch. Fields that a model has no part for are None.

    The score mixes ``regressed`` and the expectation over ``level_probabilities``; all three lie in [0, 1].
    ``quality_map`` is the score of every token and ``weight_map`` its share in the score (a sum of 1). ``doubt`` is how
    far the readings of an image lie apart: intervals are as wide in proportion.
    """

    score: Float[Tensor, " batch"]
    regressed: Float[Tensor, " batch"]
    thresholds: Float[Tensor, "batch thresholds *pair"] | None = None
    level_probabilities: Float[Tensor, "batch levels"] | None = None
    quality_map: Float[Tensor, "batch height width"] | None = None
    weight_map: Float[Tensor, "batch height width"] | None = None
    doubt: Float[Tensor, " batch"] | None = None
    decoding: Features | None = None
    features: Features | None = None
    imagery: Features | None = None

    def at(self, which: Which) -> "Prediction":
        """Return the prediction of some of the batch."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        some: Any = {name: None if value is None else value[which] for name, value in values.items()}
        return Prediction(**some)
