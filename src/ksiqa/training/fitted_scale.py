"""Where a source of scores starts on a network that is trained already: its calibration and levels, fitted to it."""

from dataclasses import replace
from itertools import islice

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.optimize import least_squares
from scipy.special import expit, logit

from ksiqa.build import Model
from ksiqa.data.datamodule import QualityData
from ksiqa.model.ensemble import members
from ksiqa.model.ordinal_regression import OrdinalHead
from ksiqa.model.teacher import Teacher
from ksiqa.task.quality import as_images

SEEN = 512  # images that a fit looks at, at most: it has two numbers for the score, and one for each threshold
STEEPEST = np.log(8.0)  # of the calibration's slope, and the flattest: whatever the network says, it can still learn
HALVINGS = 60


def fit_scale(model: Model, data: QualityData) -> None:
    """Bring a source's parameters closest to its training scores, with the network as it is.

    The calibration's slope and shift are those of the least squared error. Each threshold's bias is the one with which
    the images exceed it as often as their labels do (the maximum of the likelihood), for the levels that
    ``regressor.start_from`` has laid.
    """
    for one in members(model):
        _fit(one, data)


def _fit(model: Model, data: QualityData) -> None:
    regressor, source = model.regressor, data.name
    head = getattr(regressor, "ordinal", None)
    own = [regressor.calibration.log_scale[source], regressor.calibration.shift[source]]
    with torch.no_grad():
        wanted = None if head is None else head.biases[source].clone()
        for parameter in [*own, *([] if head is None else [head.biases[source]])]:
            parameter.zero_()
        quality, thresholds, labels = _seen(model, data)
        for parameter, value in zip(own, _calibration(quality, labels), strict=True):
            parameter.fill_(value)
        if head is not None and wanted is not None:
            head.biases[source].copy_(_biases(head, wanted, thresholds, labels, source=source))


def _seen(
    model: Model, data: QualityData
) -> tuple[Float[ndarray, " n"], Float[ndarray, "n thresholds *pair"], Float[ndarray, " n"]]:
    """Return the latent quality of training crops, the thresholds' logits without biases, and the labels."""
    paired = isinstance(model, Teacher)
    batches = islice(data.train_dataloader(paired=paired), max(1, SEEN // data.batch_size))
    quality, thresholds, labels = [], [], []
    model.eval()
    for batch in batches:
        if isinstance(model, Teacher):
            images = as_images(batch)
            assert images.reference is not None  # paired
            seen = model(images.distorted, images.reference, source=data.name)
        else:
            seen = model(as_images(replace(batch, reference=None, referenced=None)).distorted, source=data.name)
        quality.append(torch.logit(seen.regressed.double(), eps=1e-7).numpy())
        thresholds.append((seen.regressed[:, None] if seen.thresholds is None else seen.thresholds).double().numpy())
        labels.append(batch.score.double().numpy())
    model.train()
    return np.concatenate(quality), np.concatenate(thresholds), np.concatenate(labels)


def _calibration(quality: Float[ndarray, " n"], labels: Float[ndarray, " n"]) -> tuple[float, float]:
    """Return the logarithm of the slope, and the shift."""
    start = float(logit(np.clip(labels.mean(), 0.01, 0.99)) - quality.mean())
    bounds = ((-STEEPEST, -np.inf), (STEEPEST, np.inf))
    found = least_squares(lambda p: expit(np.exp(p[0]) * quality + p[1]) - labels, (0.0, start), bounds=bounds)
    return float(found.x[0]), float(found.x[1])


def _biases(
    head: OrdinalHead,
    wanted: torch.Tensor,
    thresholds: Float[ndarray, "n k *pair"],
    labels: Float[ndarray, " n"],
    *,
    source: str,
) -> torch.Tensor:
    """Return the biases; ``wanted`` are those of a head whose logits are all zero, so the shares that are wanted."""
    above = labels[:, None] > head.edges(source).double().numpy()
    if head.kind == "dorn":
        found = _intercepts(thresholds[..., 1] - thresholds[..., 0], wanted[:, 1].double().numpy(), np.ones_like(above))
        return torch.stack([torch.zeros(len(found)), torch.from_numpy(found)], dim=1)
    reached = np.concatenate([np.ones_like(above[:, :1]), above[:, :-1]], axis=1)
    return torch.from_numpy(_intercepts(thresholds, wanted.double().numpy(), reached | ~reached.any(axis=0)))


def _intercepts(
    logits: Float[ndarray, "n k"], wanted: Float[ndarray, " k"], counted: Bool[ndarray, "n k"]
) -> Float[ndarray, " k"]:
    """Return what to add to logits so that their mean probability over the images that count is that of ``wanted``."""
    low = wanted - np.where(counted, logits, -np.inf).max(axis=0)
    high = wanted - np.where(counted, logits, np.inf).min(axis=0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        more = (expit(logits + middle) * counted).sum(axis=0) < expit(wanted) * counted.sum(axis=0)
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return (low + high) / 2
