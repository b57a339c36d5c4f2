"""Scores of batches of tensors: a torchmetrics metric, and a loss for restoration whose gradient reaches the images."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import Metric

from ksiqa.batch import View
from ksiqa.data.transform import shrunk_size
from ksiqa.errors import ImageError, KsiqaError
from ksiqa.inference.model_folder import TrainedModel
from ksiqa.inference.scoring import Scorer, load

Model = Scorer | Path | str | None
Images = Float[Tensor, "images 3 rows columns"]


class QualityScore(Metric):
    """Mean score of images, in [0, 1], higher is better; over all processes where there are several.

    Args:
        model: a scorer, or what ``ksiqa.load`` takes. Its network is copied.
        scale: as of ``Scorer.score``.
        settings: of ``torchmetrics.Metric``.

    Raises:
        ConfigError: the model knows no such scale.
        ModelFolderError, HubError: see ``ksiqa.load``.
    """

    is_differentiable = True
    higher_is_better = True
    full_state_update = False
    plot_lower_bound = 0.0
    plot_upper_bound = 1.0
    feature_network = "network"
    total: Tensor
    images: Tensor

    def __init__(self, model: Model = None, *, scale: str | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.scorer = DifferentiableScorer(model)
        self.scale = scale
        self.network = self.scorer.trained.network  # so that it moves with the metric
        self.add_state("total", default=torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("images", default=torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, images: Tensor, references: Tensor | None = None) -> None:
        """Score a batch.

        Args:
            images: RGB in [0, 1], images x 3 x height x width.
            references: of each image, the same shape, for the teacher; without them the student scores.

        Raises:
            ImageError: another shape or range; images smaller than a view.
            ModelFolderError: the model has no part that can score so.
        """
        for given in (images, references):
            if given is not None and not bool(((given >= 0) & (given <= 1)).all()):  # NaN too
                raise ImageError(
                    found=f"images from {float(given.min()):g} to {float(given.max()):g}",
                    expected="numbers from 0 (black) to 1 (white)",
                    do="divide by what white is, such as 255; undo a normalisation; clamp what a network made",
                )
        scores = self.scorer.scores(images, references, scale=self.scale)
        self.total = self.total + scores.double().sum()
        self.images = self.images + len(scores)

    def compute(self) -> Float[Tensor, ""]:
        """Return the mean score of all images.

        Raises:
            KsiqaError: none came.
        """
        if self.images == 0:
            raise KsiqaError(found="no images", expected="one or more before the mean", do="call update first")
        return (self.total / self.images).float()


class QualityLoss(nn.Module):
    """1 - mean score of a batch, to be made small: its gradient reaches the images, the network is never trained.

    Args:
        model: a scorer, or what ``ksiqa.load`` takes. Its network is copied.
        scale: as of ``Scorer.score``.

    Raises:
        ConfigError, ModelFolderError, HubError: as of ``QualityScore``.
    """

    def __init__(self, model: Model = None, *, scale: str | None = None) -> None:
        super().__init__()
        self.scorer = DifferentiableScorer(model)
        self.scale = scale
        self.network = self.scorer.trained.network  # so that it moves with the loss

    def forward(self, images: Tensor, references: Tensor | None = None) -> Float[Tensor, ""]:
        """Return the loss, in [0, 1].

        Args:
            images: RGB, images x 3 x height x width, black 0 and white 1; what a network made may lie a little outside,
                and is taken as it is.
            references: of each image, the same shape, for the teacher; without them the student scores.

        Raises:
            ImageError: another shape; images smaller than a view.
            ModelFolderError: the model has no part that can score so.
        """
        return 1 - self.scorer.scores(images, references, scale=self.scale).mean()


class DifferentiableScorer(Scorer):
    """A scorer of tensors whose scores have their true gradient: training stops some of it within the network."""

    def __init__(self, model: Model) -> None:
        """Copy a model's network for it; see ``QualityScore``."""
        scorer = model if isinstance(model, Scorer) else load(model)
        network: Any = deepcopy(scorer.trained.network).eval().requires_grad_(False)
        network.imagery_into_features = True  # of a student: the same values, and a gradient
        for branch in (network.feature_extraction.vit, network.feature_extraction.cnn):
            if branch is not None:
                branch.frozen = False  # its parameters stay frozen; to the image its gradient goes on
        super().__init__(replace(scorer.trained, network=network), device=str(scorer.device))

    def scores(
        self, images: Tensor, references: Tensor | None = None, *, scale: str | None = None
    ) -> Float[Tensor, " images"]:
        """Return the scores in [0, 1] of images of one size, each that of ``Scorer.score``.

        Where the model makes larger images smaller this does so without rounding to 8 bits, as Pillow does there: such
        scores differ from ``Scorer.score`` by some thousandths.
        """
        source = self._source(scale, with_reference=references is not None)
        _check_shape(images)
        trained = self.trained
        trained.network.eval()  # whatever mode the module is in that holds it
        views, count = _views(trained, images, source)
        if references is None:
            assert trained.student is not None  # see ``_source``
            return trained.student(views, source=source).score.view(-1, count).mean(dim=1)
        if references.shape != images.shape:
            raise ImageError(
                found=f"images of shape {_shape(images)} and references of {_shape(references)}",
                expected="one shape, aligned pixel by pixel",
                do="hand in the references that the images were made from, at their size",
            )
        assert trained.teacher is not None  # see ``_source``
        wanted, _ = _views(trained, references, source)
        return trained.teacher(views, wanted, source=source).score.view(-1, count).mean(dim=1)


def _views(trained: TrainedModel, images: Images, source: str) -> tuple[View, int]:
    """Cut images into the views of a model, an image's next to each other; return how many an image has, too."""
    images = images.to(trained.network.feature_extraction.dtype)
    size: tuple[int, int] = (images.shape[2], images.shape[3])
    small = shrunk_size(size, short_side=trained.short_side_of(source))
    if small != size:
        images = F.interpolate(images, size=small, mode="bicubic", antialias=True).clamp(0, 1)
    crops = trained.views.crops(small, np.random.default_rng(0))  # fixed views: nothing is drawn
    parts = [images[:, :, one.top : one.top + one.height, one.left : one.left + one.width] for one in crops]
    return View(torch.stack(parts, dim=1).flatten(0, 1)), len(crops)


def _check_shape(images: Tensor) -> None:
    if images.ndim != 4 or images.shape[1] != 3 or 0 in images.shape or not images.is_floating_point():
        raise ImageError(
            found=f"images of shape {_shape(images)}, {str(images.dtype).removeprefix('torch.')}",
            expected="images x 3 x height x width, floating point, one or more",
            do="stack RGB images of one size; bytes are divided by 255",
        )


def _shape(images: Tensor) -> str:
    return " x ".join(map(str, images.shape))
