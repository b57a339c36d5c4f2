"""What is known of a dataset before any file of it is opened."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The facts of one set of scored images: the only place where its scale and direction are written.

    Scores are brought to [0, 1], higher is better, by the fixed constants ``low`` and ``high`` of the scale,
    never by the extremes seen in a file.
    """

    name: str  # as in data=NAME
    title: str  # as in papers
    label: str  # "MOS", "DMOS" or "pseudo-score"
    low: float  # end of the raw scale
    high: float
    higher_is_better: bool
    spread_in_units: bool = True  # whether the opinions' standard deviation is on the label's own scale
    rows: int | None = None  # distorted images of the official release; None: as many as there are
    references: int | None = None  # reference images; None: the set has none
    folders: tuple[tuple[str, int], ...] = ()  # image folders and their rows where the label file only counts them
    layout: str = ""  # the folder as released, as a small tree
    licence: str = ""
    citation: str = ""
    home_page: str = ""

    def to_score(self, raw: Float[ndarray, " rows"]) -> Float[ndarray, " rows"]:
        """Bring raw labels to [0, 1], higher is better."""
        share = (np.asarray(raw, dtype=np.float64) - self.low) / (self.high - self.low)
        return share if self.higher_is_better else 1.0 - share

    def to_raw(self, score: Float[ndarray, " rows"]) -> Float[ndarray, " rows"]:
        """Bring scores in [0, 1] back to the set's own scale; the inverse of ``to_score``."""
        share = np.asarray(score, dtype=np.float64)
        return self.low + (self.high - self.low) * (share if self.higher_is_better else 1.0 - share)
