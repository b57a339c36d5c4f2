"""A part of one source while it is scored: what every model says of it, and the figures over the whole of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from jaxtyping import Float
from numpy import ndarray
from torch import Tensor, nn

from ksiqa.batch import Batch, Features, Prediction
from ksiqa.metric.agreement import agreement
from ksiqa.metric.collected import Collected, CollectedScores
from ksiqa.task.closeness import ImageryCloseness
from ksiqa.task.level_counts import LevelCounts

Figures = dict[str, Any]
"""Numbers by their log keys."""


class ScoredPart(nn.Module):
    """Gathers scores over batches and processes.

    Args:
        models: names of those that score; the first one's figures stand first.
        unit: length of the source's raw scale, for the RMSE.
        levels: of the first model's ordinal head; 0 where it has none.

    After ``figures``, ``scores`` and ``level_counts`` (see ``LevelCounts``) keep what was said of the part, until it is
    scored again.
    """

    scores: dict[str, Collected]
    level_counts: Float[ndarray, " levels"] | None

    def __init__(self, *, models: Sequence[str], unit: float, levels: int = 0) -> None:
        super().__init__()
        self.headline, self.unit = models[0], unit
        self.collected: Any = nn.ModuleDict({name: CollectedScores() for name in models})
        self.closeness = ImageryCloseness()
        self.levels = LevelCounts(levels=levels) if levels else None

    def update(self, batch: Batch, predictions: Mapping[str, Prediction], reference: Features | None) -> None:
        """Add a batch: the predictions for each view; a teacher's and imagery's for the images with a reference alone.

        Where there are none, nothing is added, yet every process has called every metric: they wait for one another.
        """
        for name, collected in self.collected.items():
            which = batch.pairs if name == "teacher" else slice(None)
            one = predictions.get(name)
            score = batch.score[:0] if one is None else over_views(one.score, batch.views)
            doubt = None if one is None or one.doubt is None else over_views(one.doubt, batch.views)
            collected.update(batch.row[which], score, batch.score[which], doubt)
        if self.levels is not None:
            first = predictions.get(self.headline)
            found = None if first is None else first.level_probabilities
            self.levels.update(self.levels.counts[None, :][:0] if found is None else found, views=batch.views)
        student = predictions.get("student")
        if student is not None and student.imagery is not None:
            none = student.imagery[:0]
            self.closeness.update(student.at(batch.paired_views), none if reference is None else reference)

    def figures(self, prefix: str) -> tuple[Figures, dict[str, Collected]]:
        """Return figures and scores over the whole part, of all processes, and start anew."""
        figures: Figures = {}
        scores: dict[str, Collected] = {}
        for name, collected in self.collected.items():
            one = collected.compute()
            collected.reset()
            if name != self.headline and len(one.row) < 2:
                continue  # a teacher, and images without references, but for one perhaps, which has no correlation
            scores[name] = one
            named = prefix if name == self.headline else f"{prefix}{name}_"
            found = agreement(one.score, one.label, unit=self.unit).as_dict(named)
            figures |= {key: value for key, value in found.items() if value is not None}
        if self.closeness.update_called:
            figures |= {f"{prefix}{name}": value for name, value in self.closeness.compute().items()}
            self.closeness.reset()
        self.scores, self.level_counts = scores, None
        if self.levels is not None:
            self.level_counts = self.levels.compute().cpu().numpy()
            self.levels.reset()
        return figures, scores


def over_views(values: Float[Tensor, " views"], count: int) -> Float[Tensor, " images"]:
    """Return the mean over each image's views, which lie next to each other."""
    return values.reshape(-1, count).mean(dim=1)
