"""Training the full-reference teacher on pairs."""

from typing import Any

from torch import Tensor

from ksiqa.batch import Batch
from ksiqa.errors import DatasetError
from ksiqa.loss.weighted import Weighted
from ksiqa.model.teacher import Teacher
from ksiqa.task.quality import Optimiser, QualityTask
from ksiqa.task.terms import Terms, score_terms


class TeacherTask(QualityTask):
    """A step scores pairs against their labels; see ``QualityTask`` for scoring."""

    teacher: Teacher

    def __init__(self, *, teacher: Teacher, loss: Weighted, optimiser: Optimiser, source: str, unit: float) -> None:
        super().__init__(student=None, teacher=teacher, source=source, unit=unit)
        self.loss, self.settings = loss, optimiser

    def training_step(self, batch: dict[str, Batch], batch_idx: int) -> Tensor:
        """Return the weighted loss of one batch of each source."""
        del batch_idx
        terms: Terms = {}
        for source, pairs in batch.items():
            if pairs.reference is None:
                raise DatasetError(
                    found=f"images of {source} without references",
                    expected="pairs: a teacher compares",
                    do="train it on a set with references, or on synthetic pairs (data=folder)",
                )
            prediction = self.teacher(pairs.distorted, pairs.reference, source=source)
            found = score_terms(
                prediction,
                pairs.score,
                regressor=self.teacher.regressor,
                source=source,
                active=self.loss.active,
            )
            terms.update({f"{source}/teacher/{name}": term for name, term in found.items()})
        images = len(next(iter(batch.values())).score)
        return self.log_terms(terms, factors=dict.fromkeys(batch, 1.0), images=images)

    def configure_optimizers(self) -> Any:
        """Return the optimiser over all that learns."""
        return self.optimisers(self.settings)
