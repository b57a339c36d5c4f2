"""Training the no-reference student: alone, with the teacher it shares a decoder with, or after a frozen one."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ksiqa.batch import Batch, stacked
from ksiqa.loss.weighted import Weighted
from ksiqa.model.plain import Plain
from ksiqa.model.student import Student
from ksiqa.model.teacher import Teacher
from ksiqa.task.patchwork import Patchwork, patchwork
from ksiqa.task.quality import Optimiser, QualityTask
from ksiqa.task.terms import SCORES, Terms, imagery_terms, pristine_terms, score_terms, sharing_terms


class StudentTask(QualityTask):
    """A step runs the student on one batch of each source; images without a reference train the student alone.

    Args:
        student: the no-reference model.
        teacher: the full-reference model that shares the student's parts (joint training), or None.
        teacher_learns: train the teacher's score too; without, it only shows the way.
        instructor: a frozen full-reference model with parts of its own, whose scores and decodings the student
            follows (conventional distillation), or None.
        loss: the weighted terms.
        optimiser: settings.
        units: of the sources that are validated, see ``QualityTask``.
        weights: weight of each source's terms (shares of a mix, rehearsal beside the target).
        student_shares: the share of a source's weight by which its scores teach the student; all of it where not told.
        patchwork: seed of the patchworks that the sources' images without references are made to, or None.
    """

    student: Student | Plain

    def __init__(
        self,
        *,
        student: Student | Plain,
        teacher: Teacher | None,
        teacher_learns: bool,
        instructor: Teacher | None,
        loss: Weighted,
        optimiser: Optimiser,
        units: Mapping[str, float],
        weights: Mapping[str, float],
        student_shares: Mapping[str, float] | None = None,
        patchwork: int | None = None,
    ) -> None:
        super().__init__(student=student, teacher=teacher, units=units)
        self.loss, self.settings, self.weights = loss, optimiser, dict(weights)
        self.teacher_learns, self.patchwork = teacher_learns, patchwork
        self.student_shares = dict(student_shares or {})
        # Hidden from this module's parameters: no optimiser trains it, no checkpoint carries it.
        self._instructor = [instructor] if instructor is not None else []

    def on_fit_start(self) -> None:
        """Freeze the instructor, which has learned by now, and bring it to the device."""
        for instructor in self._instructor:
            instructor.requires_grad_(False).eval().to(self.device)

    def training_step(self, batch: dict[str, Batch], batch_idx: int) -> Tensor:
        """Return the weighted loss of one batch of each source."""
        del batch_idx
        terms: Terms = {}
        for source, images in batch.items():
            found = self.terms(images, source=source, patchwork=self._patchwork(images, source=source))
            terms.update({f"{source}/{name}": term for name, term in found.items()})
        return self.total(terms, batch)

    def terms(self, batch: Batch, *, source: str, patchwork: Patchwork | None = None) -> Terms:
        """Return a batch's terms, or those of its patchworks, by ``student/term`` and ``teacher/term``."""
        active = self.loss.active
        if self.teacher is not None and batch.reference is not None:
            return self._joint(batch, source=source)
        seen, score = self.student.feature_extraction(batch.distorted), batch.score
        if patchwork is not None:
            seen, score = patchwork.of_features(seen), patchwork.of_scores(score)
        prediction = self.student.assess(seen, source=source)
        found = score_terms(prediction, score, regressor=self.student.regressor, source=source, active=active)
        if self._instructor and batch.reference is not None:
            with torch.no_grad():
                followed = self._instructor[0](batch.distorted.at(batch.pairs), batch.reference, source=source)
            found.update(sharing_terms(prediction.at(batch.pairs), followed, active=active))
        return {f"student/{name}": term for name, term in found.items()}

    def weight(self, term: str) -> float:
        """Return what a ``source/model/term`` weighs."""
        source, model, name = term.split("/")
        of_score = model == "student" and name in SCORES
        return super().weight(term) * (self._student_share(source) if of_score else 1)

    def configure_optimizers(self) -> Any:
        """Return the optimiser over all that learns."""
        return self.optimisers(self.settings)

    def _student_share(self, source: str) -> float:
        return self.student_shares.get(source, 1.0)

    def _patchwork(self, batch: Batch, *, source: str) -> Patchwork | None:
        """Draw a step's, out of what is compiled. What accompanies the sources, and what has references, has none."""
        if self.patchwork is None or source not in self.sources or batch.reference is not None:
            return None
        step = (self.patchwork, self.global_step, self.global_rank)
        return patchwork(batch.distorted, cell=self.student.feature_extraction.cell, seed=step)

    def _joint(self, batch: Batch, *, source: str) -> Terms:
        active, student, teacher = self.loss.active, self.student, self.teacher
        assert isinstance(student, Student)  # only a student has a teacher: see ``regime``
        assert teacher is not None
        assert batch.reference is not None
        both = student.feature_extraction(stacked(batch.distorted, batch.reference))  # once, for both
        distorted, reference = both[: len(batch.distorted)], both[len(batch.distorted) :]
        score = batch.score[batch.pairs]
        seen = teacher.assess(distorted[batch.pairs], reference, source=source)
        imagined = student.assess(distorted, source=source)
        own: Terms = {}
        if self._student_share(source):
            own = score_terms(imagined, batch.score, regressor=student.regressor, source=source, active=active)
        paired = imagined.at(batch.pairs)
        assert paired.imagery is not None
        own |= imagery_terms(paired.imagery, reference.features, active=active)
        own |= sharing_terms(paired, seen, active=active)
        theirs: Terms = {}
        if self.teacher_learns:
            theirs = score_terms(seen, score, regressor=teacher.regressor, source=source, active=active)
            theirs |= pristine_terms(teacher, reference, score, source=source, active=active)
        return {f"student/{name}": term for name, term in own.items()} | {
            f"teacher/{name}": term for name, term in theirs.items()
        }
