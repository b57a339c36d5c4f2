"""Whether features name their content among others."""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from ksiqa.errors import KsiqaError


def top1(
    queries: Float[ndarray, "queries channels"],
    gallery: Float[ndarray, "contents channels"],
    content: Int[ndarray, " queries"],
) -> float:
    """Return the share of queries whose most similar row of the gallery (by cosine) is their own content; where several
    are as similar, the first counts.

    Args:
        queries: features to look up.
        gallery: a row a content.
        content: each query's row of the gallery.

    Raises:
        KsiqaError: fewer than two contents.
    """
    if len(gallery) < 2:
        raise KsiqaError(found=f"{len(gallery)} contents", expected="at least 2 to choose from", do="add photographs")
    similar = _unit(queries) @ _unit(gallery).T
    return float(np.mean(similar.argmax(axis=1) == content))


def _unit(rows: Float[ndarray, "rows channels"]) -> Float[ndarray, "rows channels"]:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(np.float64).tiny)
