"""A part of one source while it is scored: what every model says of it, and the figures over the whole of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from ksiqa.batch import Batch, Features, Prediction
from ksiqa.metric.agreement import agreement
from ksiqa.metric.collected import Collected, CollectedScores
from ksiqa.task.closeness import ImageryCloseness

Figures = dict[str, Any]
"""Numbers by their log keys."""


class ScoredPart(nn.Module):
    """Gathers scores over batches and processes.

    Args:
        models: names of those that score; the first one's figures stand first.
        unit: length of the source's raw scale, for the RMSE.
    """

    def __init__(self, *, models: Sequence[str], unit: float) -> None:
        super().__init__()
        self.headline, self.unit = models[0], unit
        self.collected: Any = nn.ModuleDict({name: CollectedScores() for name in models})
        self.closeness = ImageryCloseness()

    def update(self, batch: Batch, predictions: Mapping[str, Prediction], reference: Features | None) -> None:
        """Add a batch: the predictions for each view; a teacher's and imagery's for the images with a reference alone.

        Where there are none, nothing is added, yet every process has called every metric: they wait for one another.
        """
        for name, collected in self.collected.items():
            which = batch.pairs if name == "teacher" else slice(None)
            score = (
                predictions[name].score.reshape(-1, batch.views).mean(dim=1) if name in predictions else batch.score[:0]
            )
            collected.update(batch.row[which], score, batch.score[which])
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
            if name != self.headline and not len(one.row):
                continue  # a teacher, and images without references
            scores[name] = one
            named = prefix if name == self.headline else f"{prefix}{name}_"
            found = agreement(one.score, one.label, unit=self.unit).as_dict(named)
            figures |= {key: value for key, value in found.items() if value is not None}
        if self.closeness.update_called:
            figures |= {f"{prefix}{name}": value for name, value in self.closeness.compute().items()}
            self.closeness.reset()
        return figures, scores
