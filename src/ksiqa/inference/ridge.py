"""The baseline that any training must beat: a ridge regression on pooled features of the frozen backbones."""

import numpy as np
from jaxtyping import Float, Float16
from numpy import ndarray
from torch import Tensor

from ksiqa.data.datamodule import QualityData
from ksiqa.data.image_pairs import Draw, ImagePairs

PENALTIES = np.logspace(-2, 5, 15)


def ridge_scores(data: QualityData) -> Float[ndarray, " rows"]:
    """Fit on the training part and return the test part's scores.

    Features are the mean and the standard deviation over the tokens of each frozen branch, averaged over views. The
    penalty is the one with the least squared error on training contents left out one by one.
    ``data.keep_frozen`` must have been called with ``ridge``.
    """
    train, test = _pooled(data.train_scored), _pooled(data.parts["test"])
    rows = data.parts["train"].rows
    labels, contents = data.table.scores[rows], np.array(data.table.contents)[rows]
    errors = np.zeros(len(PENALTIES))
    for content in np.unique(contents):
        left_out = contents == content
        found = _fits(train[~left_out], labels[~left_out], train[left_out])
        errors += np.square(found - labels[left_out]).sum(axis=1)
    return _fits(train, labels, test)[errors.argmin()]


def _fits(
    train: Float[ndarray, "train features"], labels: Float[ndarray, " train"], test: Float[ndarray, "test features"]
) -> Float[ndarray, "penalties test"]:
    """Return the test rows' scores for each penalty, by one singular value decomposition."""
    mean, spread = train.mean(axis=0), train.std(axis=0) + 1e-8  # a constant feature stays 0
    left, sizes, right = np.linalg.svd((train - mean) / spread, full_matrices=False)
    target = left.T @ (labels - labels.mean())
    weights = np.stack([right.T @ (sizes / (sizes**2 + penalty) * target) for penalty in PENALTIES])
    return weights @ ((test - mean) / spread).T + labels.mean()


def _pooled(dataset: ImagePairs) -> Float[ndarray, "rows features"]:
    assert dataset.known is not None  # see the docstring of ``ridge_scores``
    rows = []
    for place in range(len(dataset)):
        draws = [Draw(place, number) for number in range(dataset.views.distinct or 1)]
        known = [dataset.known.get(dataset.key(draw), reference=False).values() for draw in draws]
        rows.append(np.mean([np.concatenate([_moments(one) for one in branches]) for branches in known], axis=0))
    return np.stack(rows).astype(np.float64)


def _moments(features: Float16[Tensor, "views height width channels"]) -> Float[ndarray, " moments"]:
    """Return mean and standard deviation over the tokens, averaged over the views."""
    tokens = features.float().flatten(1, 2).numpy()
    return np.concatenate([tokens.mean(axis=1), tokens.std(axis=1)], axis=1).mean(axis=0)
