"""The baseline that any training must beat: a ridge regression on pooled features of the frozen backbones."""

import numpy as np
from jaxtyping import Float, Float16
from numpy import ndarray
from torch import Tensor

from ksiqa.data.datamodule import QualityData
from ksiqa.data.image_pairs import Draw, ImagePairs
from ksiqa.metric.correlation import srcc

PENALTIES = np.logspace(-2, 5, 15)


def ridge_scores(data: QualityData) -> Float[ndarray, " rows"]:
    """Fit on the training part, choose the penalty on the validation part, return the test part's scores.

    Features are the mean and the standard deviation over the tokens of each frozen branch, averaged over views.
    ``data.keep_frozen`` must have been called.
    """
    features = {name: _pooled(dataset) for name, dataset in data.parts.items()}
    labels = {name: data.table.scores[np.asarray(dataset.rows)] for name, dataset in data.parts.items()}
    mean, spread = (
        features["train"].mean(axis=0),
        features["train"].std(axis=0) + 1e-8,
    )  # constant features stay 0
    whitened = {name: (values - mean) / spread for name, values in features.items()}
    left, sizes, right = np.linalg.svd(whitened["train"], full_matrices=False)
    offset = labels["train"].mean()
    target = left.T @ (labels["train"] - offset)
    weights = [right.T @ (sizes / (sizes**2 + penalty) * target) for penalty in PENALTIES]
    best = max(weights, key=lambda one: srcc(whitened["validation"] @ one, labels["validation"]))
    return whitened["test"] @ best + offset


def _pooled(dataset: ImagePairs) -> Float[ndarray, "rows features"]:
    assert dataset.known is not None  # see the docstring of ``ridge_scores``
    rows = []
    for place in range(len(dataset)):
        draws = [Draw(place, number) for number in range(dataset.views.distinct or 1)]
        known = [dataset.known.get(draw, reference=False).values() for draw in draws]
        rows.append(np.mean([np.concatenate([_moments(one) for one in branches]) for branches in known], axis=0))
    return np.stack(rows).astype(np.float64)


def _moments(features: Float16[Tensor, "views height width channels"]) -> Float[ndarray, " moments"]:
    """Return mean and standard deviation over the tokens, averaged over the views."""
    tokens = features.float().flatten(1, 2).numpy()
    return np.concatenate([tokens.mean(axis=1), tokens.std(axis=1)], axis=1).mean(axis=0)
