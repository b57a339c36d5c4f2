"""Training the full-reference teacher on pairs."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ksiqa.batch import Batch, stacked
from ksiqa.errors import DatasetError
from ksiqa.loss.weighted import Weighted
from ksiqa.model.teacher import Teacher
from ksiqa.task.quality import Optimiser, QualityTask
from ksiqa.task.terms import Terms, pristine_terms, score_terms


class TeacherTask(QualityTask):
    """A step scores pairs against their labels; see ``QualityTask`` for scoring."""

    teacher: Teacher

    def __init__(
        self,
        *,
        teacher: Teacher,
        loss: Weighted,
        optimiser: Optimiser,
        units: Mapping[str, float],
        weights: Mapping[str, float],
    ) -> None:
        super().__init__(student=None, teacher=teacher, units=units)
        self.loss, self.settings, self.weights = loss, optimiser, dict(weights)

    def training_step(self, batch: dict[str, Batch], batch_idx: int) -> Tensor:
        """Return the weighted loss of one batch of each source."""
        del batch_idx
        terms: Terms = {}
        for source, pairs in batch.items():
            terms.update({f"{source}/teacher/{name}": term for name, term in self.terms(pairs, source=source).items()})
        return self.total(terms, batch)

    def terms(self, pairs: Batch, *, source: str) -> Terms:
        """Return a batch's terms.

        Raises:
            DatasetError: images without references.
        """
        if pairs.reference is None or pairs.referenced is not None:
            raise DatasetError(
                found=f"images of {source} without references",
                expected="pairs: a teacher compares",
                do="train it on a set with references, or on synthetic pairs (data=folder)",
            )
        both = self.teacher.feature_extraction(stacked(pairs.distorted, pairs.reference))
        distorted, reference = both[: len(pairs.distorted)], both[len(pairs.distorted) :]
        prediction = self.teacher.assess(distorted, reference, source=source)
        active, regressor = self.loss.active, self.teacher.regressor
        found = score_terms(prediction, pairs.score, regressor=regressor, source=source, active=active)
        return found | pristine_terms(self.teacher, reference, pairs.score, source=source, active=active)

    def configure_optimizers(self) -> Any:
        """Return the optimiser over all that learns."""
        return self.optimisers(self.settings)
