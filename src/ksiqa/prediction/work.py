"""What is asked of a scoring of files, and the model that does it."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float32
from numpy import ndarray

from ksiqa.data.image_checks import PIXEL_LIMIT
from ksiqa.data.transform import Pixels
from ksiqa.errors import ImageError
from ksiqa.inference.given_image import pixels_of
from ksiqa.inference.image_score import ImageScore
from ksiqa.inference.scoring import AHEAD, load
from ksiqa.metric.interval import half_width
from ksiqa.prediction.photographs import Photograph, Photographs, photographs, said
from ksiqa.prediction.references import ReferenceFolder
from ksiqa.prediction.rows import Row, row_name

SHOWN = ("score", "score_raw", "scale", "low", "high")  # of an ImageScore, in a row
NOT_OF_SCORES = ("network", "training", "batch_size")  # fields of a TrainedModel: weights are looked at one by one


@dataclass(frozen=True, kw_only=True)
class Work:
    """How files are scored: plain values, which another process can be handed. See ``ksiqa predict --help``."""

    model: Path | str | None = None
    device: str = "cpu"
    dtype: str = "float32"
    batch_size: int = 1
    workers: int = 0
    scale: str | None = None
    coverage: float = 0.9
    reference: Path | None = None
    pixel_limit: int = PIXEL_LIMIT
    maps: Path | None = None


class Scored(NamedTuple):
    """A row, and what pictures of it are made from."""

    row: Row
    pixels: Pixels | None
    quality_map: Float32[ndarray, "rows columns"] | None


class Scoring:
    """A model, opened for some work, that turns files into rows."""

    def __init__(self, work: Work, *, device: str | None = None, with_maps: bool = False) -> None:
        """Open the model, and what all images share.

        Args:
            work: what is asked for.
            device: in place of the one in ``work``: of one process among several.
            with_maps: quality maps are wanted where the model has them; ``work.maps`` wants them in any case.

        Raises:
            KsiqaError: no such model or device; it cannot score so; the reference cannot be read.
        """
        self.work = work
        self.scorer = load(work.model, device=device or work.device, dtype=work.dtype, batch_size=work.batch_size)
        self.maps = work.maps is not None or (with_maps and self.scorer.has_maps)
        self.references, self.shared = None, None
        if work.reference is not None and work.reference.is_dir():
            self.references = ReferenceFolder(work.reference)
        elif work.reference is not None:
            self.shared = pixels_of(work.reference, pixel_limit=work.pixel_limit)
        half_width(None, coverage=work.coverage)
        beside: list[Any] | None = None if work.reference is None else []
        self._scores([], beside, maps=self.maps)  # refuses here what the model cannot do

    def made_by(self, *, start: str | None = None) -> str:
        """Return what tells these scores from others: a digest of weights, views, calibration, scale, coverage, dtype
        and reference, the same wherever the model lies.

        Args:
            start: the folder that images' names start from, where it is needed to tell which these are.
        """
        trained, work = self.scorer.trained, self.work
        known = {one.name: getattr(trained, one.name) for one in fields(trained) if one.name not in NOT_OF_SCORES}
        beside = None if self.shared is None else sha256(self.shared.tobytes()).hexdigest()
        if self.references is not None:
            beside = str(self.references.folder.resolve())
        told = (known, work.scale, work.coverage, work.dtype, beside, *([] if start is None else [start]))
        digest = sha256(repr(told).encode())
        for name, value in trained.network.state_dict().items():
            digest.update(name.encode())
            digest.update(value.cpu().contiguous().view(-1).view(torch.uint8).numpy())
        return digest.hexdigest()[:16]

    def groups(self, files: Sequence[tuple[str, str]]) -> Generator[list[Photograph], None, None]:
        """Read files, and give together what is scored together; see ``photographs``."""
        dataset = Photographs(files, references=self.references, pixel_limit=self.work.pixel_limit)
        size = 1 if self.work.batch_size == 1 else self.work.batch_size * AHEAD
        with closing(photographs(dataset, workers=min(self.work.workers, len(files)))) as read:
            while group := list(islice(read, size)):
                yield group

    def scored(self, group: Iterable[Photograph]) -> Iterator[Scored]:
        """Score what was read together; what could not be read or scored has its row too."""
        group = list(group)
        there = [one for one in group if one.pixels is not None]
        images = [one.pixels for one in there]
        found = dict(zip((one.path for one in there), self._each(images, self._beside(there)), strict=True))
        alone: dict[str, ImageScore | ImageError] = {}
        if self.work.reference is not None and self.scorer.trained.student is not None:
            alone = dict(zip((one.path for one in there), self._each(images, None), strict=True))
        for one in group:
            result, nr = found.get(one.path), alone.get(one.path)
            row: Row = {"image": row_name(one.path), **dict.fromkeys(SHOWN), "error": one.error}
            quality_map = None
            if isinstance(result, ImageScore):
                row |= {name: getattr(result, name) for name in SHOWN}
                quality_map = result.quality_map
            elif result is not None:
                row["error"] = said(result)
            if self.work.reference is not None:
                row["nr_score"] = nr.score if isinstance(nr, ImageScore) and not row["error"] else None
            yield Scored(row, one.pixels, quality_map)

    def _beside(self, group: Sequence[Photograph]) -> list[Pixels | None] | None:
        if self.work.reference is None:
            return None
        return [self.shared if one.reference is None else one.reference for one in group]

    def _each(self, images: Sequence[Any], references: Sequence[Any] | None) -> list[ImageScore | ImageError]:
        """Return each image's score or its own error, for which the others of its batch are scored alone."""
        try:
            return list(self._scores(images, references, maps=self.maps))
        except ImageError as error:
            if len(images) == 1:
                return [error]
        beside = [None] * len(images) if references is None else [[one] for one in references]
        return [one for image, own in zip(images, beside, strict=True) for one in self._each([image], own)]

    def _scores(self, images: Sequence[Any], references: Sequence[Any] | None, *, maps: bool) -> list[ImageScore]:
        scale, coverage = self.work.scale, self.work.coverage
        return self.scorer.score(images, references, scale=scale, coverage=coverage, maps=maps)
