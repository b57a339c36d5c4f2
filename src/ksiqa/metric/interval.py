"""Intervals that hold what they promise: split conformal prediction (Vovk et al.; Lei et al., JASA 2018).

Of n images that no training saw, the errors are known. A new image like them has an error no larger than the k-th
smallest of these with probability of at least k / (n + 1), whatever the model is worth.

"Like them" means exchangeable: in whatever order all n + 1 stand, that order was as likely. Two things fall short:

- with ``task.select=best`` the epoch was chosen on the same images, whose errors may so be a little smaller than a new
  image's, and the coverage a little lower than promised; a run of a fixed length chooses nothing;
- the images of one content (one photograph, distorted in many ways) share their luck: they are not exchangeable one by
  one with an image of a new content, and n of them tell about as much as so many images as there are contents.
"""

from collections.abc import Sequence
from math import ceil

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from ksiqa.errors import ConfigError

MOST = 1000  # errors that are kept


def residuals(score: Float[ndarray, " images"], label: Float[ndarray, " images"]) -> list[float]:
    """Return the sizes of the errors in ascending order; of more than ``MOST`` so many, spread evenly, each rounded up
    to one that occurs."""
    errors = np.sort(np.abs(score - label))
    count = min(len(errors), MOST)
    places = np.ceil(np.arange(1, count + 1) * len(errors) / max(count, 1)).astype(int) - 1
    return [float(one) for one in errors[places]]


def half_width(errors: Sequence[float] | None, *, coverage: float) -> float | None:
    """Return how far below and above a score its label lies with probability ``coverage``; None where nothing is known.

    Args:
        errors: of ``residuals``.
        coverage: in (0, 1). Where the errors are too few for it, the whole scale is returned: 1.

    Raises:
        ConfigError: a coverage outside.
    """
    if not 0 < coverage < 1:
        raise ConfigError(found=f"coverage={coverage}", expected="a number between 0 and 1", do="set coverage=0.9")
    if not errors:
        return None
    place = _place(len(errors), coverage)
    return 1.0 if place > len(errors) else errors[place - 1]


def scaled_half_width(
    errors: Float[ndarray, " known"],
    difficulty: Float[ndarray, " known"],
    new_difficulty: Float[ndarray, " images"],
    *,
    coverage: float,
) -> Float[ndarray, " images"]:
    """Return half widths that follow a difficulty told for each image: wide where errors are expected to be large. They
    hold as those of ``half_width`` do, whatever the difficulty is worth.

    Source: Lei et al., Distribution-free predictive inference for regression, JASA 2018, section 5.2 (locally weighted
    conformal prediction).

    Args:
        errors: sizes of errors on images that no training saw.
        difficulty: of the same images, above 0.
        new_difficulty: of those that the widths are for.
        coverage: in (0, 1). Where the errors are too few for it, the whole scale is returned: 1.

    Raises:
        ConfigError: a coverage outside, no errors, or a difficulty of 0 or less.
    """
    if not len(errors) or min(difficulty.min(), new_difficulty.min()) <= 0:
        raise ConfigError(
            found=f"{len(errors)} errors" if not len(errors) else "a difficulty of 0 or less",
            expected="known errors, and difficulties above 0",
            do="train with a validation part" if not len(errors) else "add a small constant to all of them",
        )
    if _place(len(errors), coverage) > len(errors):
        return np.ones(len(new_difficulty))
    ratio = half_width(np.sort(errors / difficulty).tolist(), coverage=coverage)
    assert ratio is not None  # there are errors
    return ratio * new_difficulty


def _place(count: int, coverage: float) -> int:
    """Return which of so many errors, from the smallest, holds a new one with that probability; one more than there are
    where they are too few."""
    return ceil((count + 1) * coverage - 1e-9)  # 0.9 x 10 is 9
