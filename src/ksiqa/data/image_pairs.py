"""Samples for training and scoring: views of an image and, at the same place, of its reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float16, UInt8
from torch import Tensor
from torch.utils.data import Dataset

from ksiqa.batch import Batch, View, stacked
from ksiqa.data.image_source import ImageSource
from ksiqa.data.transform import Crop, Pixels, shrunk
from ksiqa.data.views import ScoringViews, TrainingViews
from ksiqa.errors import ImageError

Bytes = UInt8[Tensor, "views 3 rows columns"]


class Draw(NamedTuple):
    """What a sampler asks for: a place in the dataset's rows and the number of the draw, which seeds the crop together
    with the phase of the training."""

    place: int
    number: int
    phase: int = 0


@runtime_checkable  # the tests execute annotations
class KnownFeatures(Protocol):
    """Features of frozen branches for the views of a draw; ``complete`` where no branch is left that wants pixels."""

    complete: bool

    def get(self, key: str, *, reference: bool) -> dict[str, Float16[Tensor, "views height width channels"]]:
        """Return the features of a draw's distorted or reference views (see ``ImagePairs.key``), by branch."""
        ...


@dataclass(frozen=True)
class Sample:
    """One image's views, of it and of its reference where it has one."""

    distorted: View
    reference: View | None
    score: float
    row: int


class ImagePairs(Dataset[Sample]):
    """Rows of a source as samples. A draw's crop depends on seed, row, number and phase alone, never on the order of
    the calls or the worker that makes them."""

    def __init__(
        self,
        *,
        source: ImageSource,
        rows: Sequence[int],
        views: TrainingViews | ScoringViews,
        short_side: int | None,
        seed: int,
        with_reference: bool,
    ) -> None:
        self.source, self.rows, self.views = source, list(rows), views
        self.short_side, self.seed, self.with_reference = short_side, seed, with_reference
        self.known: KnownFeatures | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, draw: Draw) -> Sample:
        """Return the views of a draw.

        Raises:
            ImageError: the image cannot be read or is smaller than the crop; the text names it.
        """
        row = self.rows[draw.place]
        asked = draw if self.views.distinct is None else Draw(draw.place, draw.number % self.views.distinct)
        if self.known is not None and self.known.complete:
            distorted, reference = None, None
        else:
            distorted, reference = self._pixels(row, asked)
        return Sample(
            distorted=View(distorted, self._features(asked, draw, reference=False)),
            reference=View(reference, self._features(asked, draw, reference=True)) if self.has_reference(row) else None,
            score=float(self.source.table.scores[row]),
            row=row,
        )

    def has_reference(self, row: int) -> bool:
        """Tell whether a row's samples have a reference."""
        return self.with_reference and isinstance(self.source.table.frame["reference"].iloc[row], str)

    def key(self, draw: Draw) -> str:
        """Return what tells a draw's views apart from others of the same source, seed and kind of views."""
        return f"{self.rows[draw.place]}.{draw.number}"

    def _features(self, asked: Draw, draw: Draw, *, reference: bool) -> dict[str, Tensor]:
        """Return what is known of the crop that was asked for, at the tokens that the draw sees of it."""
        if self.known is None:
            return {}
        features = self.known.get(self.key(asked), reference=reference)
        grid = next(iter(features.values())).shape[1:3]
        rng = np.random.default_rng([self.seed, self.rows[draw.place], draw.number, draw.phase])
        rows, columns = self.views.tokens((grid[0], grid[1]), rng)
        return {branch: values[:, rows, columns] for branch, values in features.items()}

    def _pixels(self, row: int, draw: Draw) -> tuple[Bytes, Bytes | None]:
        pair = self.source.load(row)
        distorted = shrunk(pair.distorted, short_side=self.short_side)
        rng = np.random.default_rng([self.seed, row, draw.number, draw.phase])
        try:
            crops = self.views.crops(distorted.shape[:2], rng)
        except ImageError as error:
            name = self.source.table.frame["image"].iloc[row]
            raise ImageError(found=f"{name}: {error.found}", expected=error.expected, do=error.do) from error
        if not self.has_reference(row) or pair.reference is None:
            return _stack(distorted, crops), None
        return _stack(distorted, crops), _stack(shrunk(pair.reference, short_side=self.short_side), crops)


def collated(samples: Sequence[Sample]) -> Batch:
    """Put samples of one size into a batch; images stay bytes until they are on the device."""
    references = [sample.reference for sample in samples if sample.reference is not None]
    there = [sample.reference is not None for sample in samples]
    return Batch(
        distorted=stacked(*(sample.distorted for sample in samples)),
        reference=stacked(*references) if references else None,
        score=torch.tensor([sample.score for sample in samples], dtype=torch.float32),
        row=torch.tensor([sample.row for sample in samples]),
        views=len(samples[0].distorted),
        referenced=torch.tensor(there) if any(there) and not all(there) else None,
    )


def _stack(image: Pixels, crops: Sequence[Crop]) -> Bytes:
    parts = np.stack([crop.cut(image) for crop in crops])
    return torch.from_numpy(np.ascontiguousarray(parts.transpose(0, 3, 1, 2)))
