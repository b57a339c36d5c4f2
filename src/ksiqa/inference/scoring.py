"""Scores of single images: fixed views, so that the same image gives the same score each time."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from ksiqa.batch import Prediction, View
from ksiqa.data.transform import Crop, Pixels, shrunk
from ksiqa.errors import ImageError, ModelFolderError, choice
from ksiqa.inference.model_folder import TrainedModel


class ImageScore(NamedTuple):
    """An image's score in [0, 1] and on its raw scale, and the source whose scale both are on."""

    score: float
    score_raw: float
    scale: str


@torch.inference_mode()
def score_image(
    trained: TrainedModel, distorted: Pixels, reference: Pixels | None = None, *, scale: str | None = None
) -> ImageScore:
    """Score an image: against its reference by the teacher, without one by the student.

    Args:
        trained: the model.
        distorted: the image.
        reference: its reference, the same size, or None.
        scale: a source that the model learned from, on whose scale to score; None takes the main one.

    Raises:
        ConfigError: the model knows no such scale.
        ImageError: the sizes differ, or the image is smaller than a view.
        ModelFolderError: the model has no part that can score so.
    """
    main = trained.source if reference is None else trained.fr_source or trained.source
    source = main if scale is None else choice(scale, allowed=trained.scales, name="scale")
    short_side = trained.short_side_of(source)
    image = shrunk(distorted, short_side=short_side)
    crops = trained.views.crops(image.shape[:2], np.random.default_rng(0))  # fixed views: nothing is drawn
    if reference is None:
        prediction = _alone(trained, _views(image, crops), source)
    else:
        _check_same_size(distorted, reference)
        wanted = shrunk(reference, short_side=short_side)
        prediction = _against(trained, _views(image, crops), _views(wanted, crops), source)
    score = float(prediction.score.mean())
    raw = trained.scales[source].to_raw(np.array([score]))
    return ImageScore(score=score, score_raw=float(raw[0]), scale=source)


def _alone(trained: TrainedModel, distorted: View, source: str) -> Prediction:
    if trained.student is None:
        raise ModelFolderError(
            found="a model that holds a teacher alone",
            expected="a student, to score without a reference",
            do="hand in the reference, or name a model trained with model=student",
        )
    return trained.student(distorted, source=source)


def _against(trained: TrainedModel, distorted: View, reference: View, source: str) -> Prediction:
    teacher = trained.teacher
    if teacher is None:
        raise ModelFolderError(
            found="a model without a trained teacher (fr: false) and a reference",
            expected="a model trained with model=teacher or sharing=joint, sequential or transfer",
            do="leave the reference out, or name another model",
        )
    return teacher(distorted, reference, source=source)


def _views(image: Pixels, crops: Sequence[Crop]) -> View:
    parts = np.stack([crop.cut(image) for crop in crops]).transpose(0, 3, 1, 2)
    return View(torch.from_numpy(np.ascontiguousarray(parts)).float() / 255)


def _check_same_size(distorted: Pixels, reference: Pixels) -> None:
    if distorted.shape != reference.shape:
        sizes = [f"{image.shape[1]}x{image.shape[0]}" for image in (distorted, reference)]
        raise ImageError(
            found=f"an image of {sizes[0]} and a reference of {sizes[1]}",
            expected="one size, aligned pixel by pixel",
            do="hand in the reference that the image was made from, at its size",
        )
