"""Samples for training and scoring: views of an image and, at the same place, of its reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float16, UInt8
from torch import Tensor
from torch.utils.data import Dataset

from ksiqa.batch import Batch, View
from ksiqa.data.image_source import ImageSource
from ksiqa.data.transform import Crop, Pixels, check_views, fixed_views, random_crop, shrunk
from ksiqa.errors import ImageError


class Draw(NamedTuple):
    """What a sampler asks for: a place in the dataset's rows and the number of the draw, which seeds the crop together
    with the phase of the training."""

    place: int
    number: int
    phase: int = 0


@runtime_checkable  # the tests execute annotations
class KnownFeatures(Protocol):
    """Features of frozen branches for the views of a draw, by branch."""

    def get(self, draw: Draw, *, reference: bool) -> dict[str, Float16[Tensor, "views height width channels"]]:
        """Return the features of a draw's distorted or reference views."""
        ...


@dataclass(frozen=True)
class Sample:
    """One image's views, as bytes."""

    distorted: UInt8[Tensor, "views 3 rows columns"]
    reference: UInt8[Tensor, "views 3 rows columns"] | None
    score: float
    row: int
    known: dict[str, Tensor]
    known_reference: dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class TrainingViews:
    """One seeded square crop a draw. ``distinct`` limits how many different crops an image has (None: no limit), over
    all phases; frozen features need a limit, since each crop's features are computed once."""

    side: int
    distinct: int | None

    def crops(self, size: tuple[int, int], rng: np.random.Generator) -> list[Crop]:
        """Return the one crop of a draw."""
        return [random_crop(size, side=self.side, rng=rng)]


@dataclass(frozen=True, kw_only=True)
class ScoringViews:
    """The same views for every draw; see ``fixed_views``."""

    kind: str
    side: int
    grid: int
    cell: int
    distinct: int | None = 1

    def __post_init__(self) -> None:
        check_views(kind=self.kind, grid=self.grid)

    def crops(self, size: tuple[int, int], rng: np.random.Generator) -> list[Crop]:
        """Return all views."""
        del rng
        return fixed_views(size, kind=self.kind, side=self.side, grid=self.grid, cell=self.cell)


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
        pair = self.source.load(row)
        distorted = shrunk(pair.distorted, short_side=self.short_side)
        rng = np.random.default_rng([self.seed, row, asked.number, asked.phase])
        try:
            crops = self.views.crops(distorted.shape[:2], rng)
        except ImageError as error:
            name = self.source.table.frame["image"].iloc[row]
            raise ImageError(found=f"{name}: {error.found}", expected=error.expected, do=error.do) from error
        reference = None
        if self.with_reference and pair.reference is not None:
            reference = _stack(shrunk(pair.reference, short_side=self.short_side), crops)
        known = self.known.get(asked, reference=False) if self.known else {}
        known_reference = self.known.get(asked, reference=True) if self.known and reference is not None else {}
        return Sample(
            distorted=_stack(distorted, crops),
            reference=reference,
            score=float(self.source.table.scores[row]),
            row=row,
            known=known,
            known_reference=known_reference,
        )


def collated(samples: Sequence[Sample]) -> Batch:
    """Put samples of one size into a batch; images stay bytes until they are on the device."""
    there = [sample.reference is not None for sample in samples]
    references = [sample.reference for sample in samples if sample.reference is not None]
    known = [sample.known_reference for sample in samples if sample.reference is not None]
    return Batch(
        distorted=_view([sample.distorted for sample in samples], [sample.known for sample in samples]),
        reference=_view(references, known) if references else None,
        score=torch.tensor([sample.score for sample in samples], dtype=torch.float32),
        row=torch.tensor([sample.row for sample in samples]),
        views=len(samples[0].distorted),
        referenced=torch.tensor(there) if any(there) and not all(there) else None,
    )


def _view(images: list[Tensor], known: list[dict[str, Tensor]]) -> View:
    branches = known[0]
    return View(torch.cat(images), {name: torch.cat([one[name] for one in known]) for name in branches})


def _stack(image: Pixels, crops: Sequence[Crop]) -> UInt8[Tensor, "views 3 rows columns"]:
    parts = np.stack([crop.cut(image) for crop in crops])
    return torch.from_numpy(np.ascontiguousarray(parts.transpose(0, 3, 1, 2)))
