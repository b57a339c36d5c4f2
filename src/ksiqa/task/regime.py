"""What ``sharing`` means: which task learns from which images, in which order."""

from dataclasses import dataclass, replace

from torch import nn

from ksiqa.data.datamodule import QualityData
from ksiqa.data.mixed import Data
from ksiqa.loss.weighted import Weighted
from ksiqa.model.ensemble import members
from ksiqa.model.plain import Plain
from ksiqa.model.student import Student
from ksiqa.model.teacher import Teacher
from ksiqa.task.phase import Phase
from ksiqa.task.quality import Optimiser
from ksiqa.task.regime_check import check_regime, check_rehearsal
from ksiqa.task.student import StudentTask
from ksiqa.task.teacher import TeacherTask


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """How knowledge is shared.

    ``pair_epochs``: epochs on pairs before the target's. ``rehearsal``: pairs beside the target in every step, with
    ``rehearsal_weight``; ``student_share``: the share of that weight by which their scores teach the student. All of it
    teaches the teacher, and the student imagery and decoding. ``freeze_decoder``: the student of ``sequential`` leaves
    the teacher's decoder as it is.
    """

    kind: str
    pair_epochs: int
    rehearsal: bool
    rehearsal_weight: float
    student_share: float
    freeze_decoder: bool


@dataclass(frozen=True, kw_only=True)
class Regime:
    """Makes the phases of a training.

    Args:
        sharing: the regime.
        loss: the terms of all phases.
        optimiser: of all phases.
        epochs: of the target's phase.
        patchwork: seed of the target's patchworks, or None for images as they are.
    """

    sharing: Sharing
    loss: Weighted
    optimiser: Optimiser
    epochs: int
    patchwork: int | None

    def phases(
        self,
        model: Student | Plain | Teacher,
        *,
        instructor: Teacher | None,
        target: Data,
        pairs: QualityData | None,
    ) -> list[Phase]:
        """Return the phases in order; those of an ensemble one student after the other.

        Args:
            model: what is trained.
            instructor: a teacher with parts of its own, for ``distil``.
            target: the source to be good at, or several mixed.
            pairs: another source, with references, to learn from first; None where the target is all.

        Raises:
            ConfigError: the regime does not go with the model or the data.
        """
        check_regime(self.sharing.kind, model, target=target, pairs=pairs)
        check_rehearsal(self.sharing.student_share, kind=self.sharing.kind)
        phases: list[Phase] = []
        for number, member in enumerate(members(model)):
            own = self._phases(member, instructor, target, pairs)
            if number:
                learned = self.sharing.kind == "distil"  # the instructor has, by then
                own = [replace(one, name=f"{one.name}_{number + 1}") for one in own[learned:]]
            phases += own
        return [replace(phase, number=number) for number, phase in enumerate(phases)]

    def _phases(
        self,
        model: Student | Plain | Teacher,
        instructor: Teacher | None,
        target: Data,
        pairs: QualityData | None,
    ) -> list[Phase]:
        kind = self.sharing.kind
        if isinstance(model, Teacher):
            return [self._teacher("teacher", model, target, self.epochs)]
        if kind == "none":
            return [self._student("student", model, target, self.epochs)]
        if kind == "pretrain":
            assert pairs is not None  # checked above
            return [
                self._student("pretrain", model, pairs, self.sharing.pair_epochs),
                self._student("student", model, target, self.epochs, beside=pairs),
            ]
        if kind == "distil":
            assert instructor is not None  # built with the model
            return self._distil(model, instructor, target, pairs)
        assert isinstance(model, Student)  # checked above
        teacher = model.teacher()
        if kind == "joint":
            return [self._student("joint", model, target, self.epochs, teacher=teacher)]
        if kind == "sequential":
            student = self._student("student", model, target, self.epochs, teacher=teacher, teacher_learns=False)
            frozen: list[nn.Module] = [model.decoder] if self.sharing.freeze_decoder else []
            return [
                self._teacher("teacher", teacher, target, self.sharing.pair_epochs),
                replace(student, frozen=frozen),
            ]
        assert pairs is not None  # checked above
        return [
            self._student("joint", model, pairs, self.sharing.pair_epochs, teacher=teacher),
            self._student("student", model, target, self.epochs, teacher=teacher, beside=pairs),
        ]

    def _distil(
        self, model: Student | Plain, instructor: Teacher, target: Data, pairs: QualityData | None
    ) -> list[Phase]:
        source = pairs or target
        taught = self._teacher("teacher", instructor, source, self.sharing.pair_epochs)
        if pairs is None:
            return [taught, self._student("student", model, target, self.epochs, instructor=instructor)]
        return [
            taught,
            self._student("distil", model, pairs, self.sharing.pair_epochs, instructor=instructor),
            self._student("student", model, target, self.epochs, instructor=instructor, beside=pairs),
        ]

    def _teacher(self, name: str, teacher: Teacher, target: Data, epochs: int) -> Phase:
        task = TeacherTask(
            teacher=teacher,
            loss=self.loss,
            optimiser=self.optimiser,
            units={one.name: one.unit for one in target.sets},
            weights={one.name: one.share for one in target.sets},
        )
        return Phase(name=name, task=task, target=target, epochs=epochs, paired=True)

    def _student(
        self,
        name: str,
        student: Student | Plain,
        target: Data,
        epochs: int,
        *,
        teacher: Teacher | None = None,
        teacher_learns: bool = True,
        instructor: Teacher | None = None,
        beside: QualityData | None = None,
    ) -> Phase:
        rehearsed = [beside] if beside is not None and self.sharing.rehearsal else []
        weights = {one.name: one.share for one in target.sets}
        weights |= {data.name: self.sharing.rehearsal_weight for data in rehearsed}
        referenced = any(one.has_references for one in target.sets)
        task = StudentTask(
            student=student,
            teacher=teacher,
            teacher_learns=teacher_learns,
            instructor=instructor,
            loss=self.loss,
            optimiser=self.optimiser,
            units={one.name: one.unit for one in target.sets},
            weights=weights,
            student_shares={one.name: self.sharing.student_share for one in rehearsed},
            patchwork=None if referenced else self.patchwork,
        )
        return Phase(name=name, task=task, target=target, epochs=epochs, beside=rehearsed)
