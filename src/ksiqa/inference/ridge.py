"""The baseline that any training must beat: a ridge regression on pooled features of the frozen backbones."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

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
        views = []
        for number in range(dataset.views.distinct or 1):
            for features in dataset.known.get(Draw(place, number), reference=False).values():
                tokens = features.float().flatten(1, 2).numpy()
                views.append(np.concatenate([tokens.mean(axis=1), tokens.std(axis=1)], axis=1).mean(axis=0))
        rows.append(np.mean(np.stack(views).reshape(dataset.views.distinct or 1, -1), axis=0))
    return np.stack(rows).astype(np.float64)
