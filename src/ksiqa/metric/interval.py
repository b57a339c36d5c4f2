"""Intervals that hold what they promise: split conformal prediction (Vovk et al.; Lei et al., JASA 2018).

Of n images that no training saw, the errors are known. A new image like them has an error no larger than the k-th
smallest of these with probability of at least k / (n + 1), whatever the model is worth. So it is with errors in units
of a doubt that is told for each image beforehand, and then intervals are wide where errors are expected to be large
(Lei et al., section 5.2: locally weighted). That of ``ksiqa.model.quality_regressor`` serves on LIVEC better than one
width for all (``experiments/livec``).

"No training" counts those of a model that a run goes on from (``init``): images that it learned from give no errors.
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


def residuals(
    score: Float[ndarray, " images"], label: Float[ndarray, " images"], doubt: Float[ndarray, " images"] | float = 1.0
) -> list[float]:
    """Return the sizes of the errors, in units of each image's doubt, in ascending order; of more than ``MOST`` so
    many, spread evenly, each rounded up to one that occurs.

    Raises:
        ConfigError: a doubt of 0 or less.
    """
    if np.min(doubt, initial=1.0) <= 0:
        raise ConfigError(
            found=f"a doubt of {np.min(doubt):g}",
            expected="doubts above 0",
            do="add a small constant to all of them",
        )
    errors = np.sort(np.abs(score - label) / doubt)
    count = min(len(errors), MOST)
    places = np.ceil(np.arange(1, count + 1) * len(errors) / max(count, 1)).astype(int) - 1
    return [float(one) for one in errors[places]]


def half_width(errors: Sequence[float] | None, *, coverage: float, doubt: float = 1.0) -> float | None:
    """Return how far below and above a score its label lies with probability ``coverage``; None where nothing is known.

    Args:
        errors: of ``residuals``.
        coverage: in (0, 1). Where the errors are too few for it, the whole scale is returned: 1.
        doubt: of the image, where the errors are in units of it.

    Raises:
        ConfigError: a coverage outside.
    """
    if not 0 < coverage < 1:
        raise ConfigError(found=f"coverage={coverage}", expected="a number between 0 and 1", do="set coverage=0.9")
    if not errors:
        return None
    place = _place(len(errors), coverage)
    return 1.0 if place > len(errors) else errors[place - 1] * doubt


def _place(count: int, coverage: float) -> int:
    """Return which of so many errors, from the smallest, holds a new one with that probability; one more than there are
    where they are too few."""
    return ceil((count + 1) * coverage - 1e-9)  # 0.9 x 10 is 9
