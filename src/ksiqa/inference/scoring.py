"""Scores of images: fixed views, so that the same image gives the same score each time.

A large image is looked at in overlapping tiles (see ``ksiqa.tiles``): nothing is made smaller but where the model was
trained so (``short_side``).
"""

import math
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import overload

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray

from ksiqa.batch import Prediction, View
from ksiqa.data.image_checks import PIXEL_LIMIT
from ksiqa.errors import ConfigError, ImageError, ModelFolderError, choice, whole_number
from ksiqa.inference.found_model import model_folder
from ksiqa.inference.given_image import Given, pixels_of
from ksiqa.inference.hub_model import HubModel
from ksiqa.inference.image_score import ImageScore
from ksiqa.inference.model_folder import TrainedModel, load_model
from ksiqa.inference.seen import Seen, seen
from ksiqa.model.plain import Plain

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
AHEAD = 4  # batches of several images that are held at a time, so that those of one size come together


def load(
    model: Path | str | None = None, *, device: str = "cpu", dtype: str = "float32", batch_size: int = 1
) -> "Scorer":
    """Open a trained model to score with.

    Args:
        model: its folder, the ``model/`` of a run; ``owner/name`` of the Hugging Face hub (see
            ``ksiqa.inference.found_model``); None is the one that comes with the package.
        device: as torch names it: ``cpu``, ``cuda``, ``cuda:1``.
        dtype: of the network: ``float32``, ``bfloat16``, ``float16``; the regressor stays in full precision.
        batch_size: images of one size that are scored at once. With 1 a score is the same, bit for bit, whatever else
            is scored; with more it may differ in the last digits.

    Raises:
        ConfigError: no such device or dtype.
        ModelFolderError: no model there.
        HubError: the hub has no such model, or does not answer and none is cached.
    """
    return Scorer(load_model(model_folder(model)), device=device, dtype=dtype, batch_size=batch_size)


class Scorer(HubModel):
    """A trained model that scores images. It holds nothing but the model: several threads may share it."""

    def __init__(
        self, trained: TrainedModel, *, device: str = "cpu", dtype: str = "float32", batch_size: int = 1
    ) -> None:
        """Bring a model to a device, a copy where it lies on another one; see ``load``."""
        choice(dtype, allowed=DTYPES, name="dtype")
        self.dtype = DTYPES[dtype]
        self.batch_size = whole_number(batch_size, least=1, name="batch_size")
        try:
            self.device = torch.device(device)
            if any(value.device != self.device for value in trained.network.state_dict().values()):
                trained = replace(trained, network=deepcopy(trained.network).to(self.device))
        except (RuntimeError, AssertionError) as error:  # torch's words differ by what it was built with
            raise ConfigError(
                found=f"device={device}: {str(error).splitlines()[0]}",
                expected="a device that torch can use here",
                do="set device=cpu",
            ) from error
        self.trained = trained

    def __repr__(self) -> str:
        """Show on whose scale it scores, by which models, where."""
        trained = self.trained
        parts = [name for name in ("student", "teacher") if getattr(trained, name) is not None]
        kind = str(self.dtype).removeprefix("torch.")
        return f"{type(self).__name__}({trained.source}: {' and '.join(parts)}; {self.device}, {kind})"

    @overload
    def score(  # type: ignore[overload-overlap]  # a str is a path, not a sequence of them
        self,
        image: Given,
        reference: Given | None = None,
        *,
        scale: str | None = None,
        coverage: float = 0.9,
        maps: bool = False,
        pixel_limit: int = PIXEL_LIMIT,
    ) -> ImageScore: ...

    @overload
    def score(
        self,
        image: Sequence[Given],
        reference: Sequence[Given] | Given | None = None,
        *,
        scale: str | None = None,
        coverage: float = 0.9,
        maps: bool = False,
        pixel_limit: int = PIXEL_LIMIT,
    ) -> list[ImageScore]: ...

    def score(
        self,
        image: Given | Sequence[Given],
        reference: Given | Sequence[Given] | None = None,
        *,
        scale: str | None = None,
        coverage: float = 0.9,
        maps: bool = False,
        pixel_limit: int = PIXEL_LIMIT,
    ) -> ImageScore | list[ImageScore]:
        """Score an image, or several in their order: against references by the teacher, without by the student.

        Args:
            image: a path, an image of Pillow, an array, a tensor (see ``given_image``), or a sequence of such.
            reference: of each image, pixel by pixel, the same size; or one for all.
            scale: a set that the model learned from, on whose scale to score; None takes the main one.
            coverage: of the interval from ``low`` to ``high``, in (0, 1).
            maps: give quality maps.
            pixel_limit: larger files are refused before they are decoded.

        Raises:
            ConfigError: the model knows no such scale, or has no map; a coverage outside (0, 1).
            ImageError: an image cannot be read, the sizes differ, it is smaller than a view, or its score is no number.
            ModelFolderError: the model has no part that can score so.
        """
        images = _listed(image)
        references = _paired(images, reference, pixel_limit=pixel_limit)
        source = self._source(scale, with_reference=reference is not None)
        if maps and not self.has_maps:
            plain, kind = isinstance(self.trained.network, Plain), self.trained.views.kind
            raise ConfigError(
                found=f"maps=True of a {'plain model' if plain else f'model with views.kind={kind}'}",
                expected="a model with a quality-aware regressor that looks at whole images",
                do="leave maps out",
            )
        scored: dict[int, ImageScore] = {}
        held = self.batch_size * AHEAD if self.batch_size > 1 else 1
        for places in _chunks(len(images), held):
            shown = {}
            for place in places:
                beside = references[place]
                wanted = None if beside is None else pixels_of(beside, pixel_limit=pixel_limit)
                pixels = pixels_of(images[place], pixel_limit=pixel_limit)
                shown[place] = seen(self.trained, pixels, wanted, source=source)
            for batch in self._batches(shown):
                found = self._scores([shown[place] for place in batch], source, coverage=coverage, maps=maps)
                scored |= dict(zip(batch, found, strict=True))
        in_order = [scored[place] for place in range(len(images))]
        return in_order if images is image else in_order[0]

    @property
    def has_maps(self) -> bool:
        """Whether it can give quality maps."""
        return self.trained.views.kind == "whole" and not isinstance(self.trained.network, Plain)

    def _source(self, scale: str | None, *, with_reference: bool) -> str:
        trained = self.trained
        if not with_reference and trained.student is None:
            raise ModelFolderError(
                found="a model that holds a teacher alone",
                expected="a student, to score without a reference",
                do="hand in the reference, or name a model trained with model=student",
            )
        if with_reference and trained.teacher is None:
            raise ModelFolderError(
                found="a model without a trained teacher (fr: false) and a reference",
                expected="a model trained with model=teacher or sharing=joint, sequential or transfer",
                do="leave the reference out, or name another model",
            )
        main = (trained.fr_source if with_reference else None) or trained.source
        return main if scale is None else choice(scale, allowed=trained.scales, name="scale")

    def _batches(self, shown: dict[int, Seen]) -> Iterator[list[int]]:
        by_size: dict[torch.Size, list[int]] = {}
        for place, one in shown.items():
            by_size.setdefault(one.distorted.shape, []).append(place)
        for places in by_size.values():
            for chunk in _chunks(len(places), self.batch_size):
                yield [places[at] for at in chunk]

    @torch.inference_mode()
    def _scores(self, batch: list[Seen], source: str, *, coverage: float, maps: bool) -> list[ImageScore]:
        with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.dtype != torch.float32):
            prediction = self._predicted(batch, source)
        views = len(batch[0].distorted)
        scores = prediction.score.float().view(-1, views).mean(dim=1).tolist()
        _check_finite(scores)
        raw = self.trained.scales[source].to_raw(np.array(scores))
        probabilities = prediction.level_probabilities
        levels = [()] * len(batch)
        if probabilities is not None:
            levels = [tuple(one) for one in probabilities.view(len(batch), views, -1).mean(dim=1).tolist()]
        model = "student" if batch[0].reference is None else "teacher"
        doubts: list[float | None] = [None] * len(batch)
        if prediction.doubt is not None:
            doubts = prediction.doubt.view(-1, views).mean(dim=1).tolist()
        halves = [
            self.trained.half_width(model=model, source=source, coverage=coverage, doubt=doubt) for doubt in doubts
        ]
        return [
            ImageScore(
                score=scores[at],
                score_raw=float(raw[at]),
                scale=source,
                low=None if half is None else max(0.0, scores[at] - half),
                high=None if half is None else min(1.0, scores[at] + half),
                levels=levels[at],
                quality_map=_map(prediction, at) if maps else None,
                doubt=doubts[at],
            )
            for at, half in enumerate(halves)
        ]

    def _predicted(self, batch: list[Seen], source: str) -> Prediction:
        distorted = View(torch.cat([one.distorted for one in batch]).to(self.device))
        references = [one.reference for one in batch if one.reference is not None]
        if not references:
            assert self.trained.student is not None  # see ``_source``
            return self.trained.student(distorted, source=source)
        assert self.trained.teacher is not None  # see ``_source``
        return self.trained.teacher(distorted, View(torch.cat(references).to(self.device)), source=source)


def _listed(given: Given | Sequence[Given]) -> Sequence[Given]:
    """Return several images as they are, one as a list of its own."""
    if isinstance(given, str) or not isinstance(given, Sequence):
        return [given]
    return given


def _paired(
    images: Sequence[Given], reference: Given | Sequence[Given] | None, *, pixel_limit: int
) -> Sequence[Given | None]:
    """Return each image's reference; one for all is decoded here, once."""
    if reference is None:
        return [None] * len(images)
    references = _listed(reference)
    if references is not reference:
        return [pixels_of(references[0], pixel_limit=pixel_limit)] * len(images)
    if len(references) != len(images):
        raise ImageError(
            found=f"{len(images)} images and {len(references)} references",
            expected="one reference for each image, or one for all",
            do="hand in two lists of one length",
        )
    return references


def _chunks(count: int, size: int) -> Iterator[range]:
    return (range(start, min(start + size, count)) for start in range(0, count, size))


def _map(prediction: Prediction, at: int) -> Float32[ndarray, "rows columns"]:
    assert prediction.quality_map is not None  # see ``has_maps``
    return prediction.quality_map[at].float().cpu().numpy()


def _check_finite(scores: Sequence[float]) -> None:
    wrong = next((score for score in scores if not math.isfinite(score)), None)
    if wrong is not None:
        raise ImageError(
            found=f"a score of {wrong}",
            expected="a finite number, of a model whose weights are finite and a dtype that holds its features",
            do="score with dtype=float32; if that does not help, the model's weights are broken: copy or train it anew",
        )
