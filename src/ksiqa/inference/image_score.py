"""What scoring says of an image."""

from typing import NamedTuple

from jaxtyping import Float32
from numpy import ndarray


class ImageScore(NamedTuple):
    """What a model says of an image.

    - ``score`` in [0, 1], higher is better; ``score_raw`` the same on the scale of the set's labels;
    - ``scale``: the set whose scale both are on;
    - ``low``, ``high``, in [0, 1]: an image like those of the set's validation part (exchangeable with them) has its
      label in between with the probability asked for (``coverage``), or a little less often where the epoch was chosen
      on that part or its contents have several images each (see ``ksiqa.metric.interval``); None where the model was
      trained without such a part;
    - ``levels``: the probability of each ordinal level from worst to best, which sum to 1; empty without such a head;
    - ``quality_map``: the score of each token, in [0, 1], of the image trimmed to whole tokens; if asked for;
    - ``doubt``: how far the readings of the image lie apart (see ``ksiqa.model.quality_regressor``), to which the
      interval is proportional (models of earlier versions have one width); None of a plain model.
    """

    score: float
    score_raw: float
    scale: str
    low: float | None = None
    high: float | None = None
    levels: tuple[float, ...] = ()
    quality_map: Float32[ndarray, "rows columns"] | None = None
    doubt: float | None = None

    def __repr__(self) -> str:
        """Show the numbers that fit a line, and how many others there are."""
        shown = [f"{name}={getattr(self, name)!r}" for name in ("score", "score_raw", "scale", "low", "high", "doubt")]
        quality_map = self.quality_map
        shown += [f"levels=({len(self.levels)} of them)"] if self.levels else []
        shown += [] if quality_map is None else [f"quality_map=({' x '.join(map(str, quality_map.shape))})"]
        return f"{type(self).__name__}({', '.join(shown)})"
