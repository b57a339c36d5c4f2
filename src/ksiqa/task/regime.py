"""What ``sharing`` means: which task learns from which images, in which order."""

from dataclasses import dataclass, field, replace

from torch import nn

from ksiqa.data.datamodule import Loader, QualityData
from ksiqa.errors import ConfigError, choice
from ksiqa.loss.weighted import Weighted
from ksiqa.model.plain import Plain
from ksiqa.model.student import Student
from ksiqa.model.teacher import Teacher
from ksiqa.task.quality import Optimiser, QualityTask
from ksiqa.task.student import StudentTask
from ksiqa.task.teacher import TeacherTask

KINDS = ("joint", "sequential", "transfer", "none", "pretrain", "distil")


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """How knowledge is shared.

    ``pair_epochs``: epochs on pairs before the target's. ``rehearsal``: pairs beside the target in every step, with
    ``rehearsal_weight``. ``freeze_decoder``: the student of ``sequential`` leaves the teacher's decoder as it is.
    """

    kind: str
    pair_epochs: int
    rehearsal: bool
    rehearsal_weight: float
    freeze_decoder: bool


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One training run: a task, the images it learns from and the part it is validated on."""

    name: str
    task: QualityTask
    target: QualityData
    epochs: int
    beside: list[QualityData] = field(default_factory=list)
    frozen: list[nn.Module] = field(default_factory=list)  # parts that do not learn in this phase

    def loaders(self) -> dict[str, Loader]:
        """Return training batches by source; all give as many as the target."""
        batches = self.target.batches
        return {data.name: data.train_dataloader(batches=batches) for data in (self.target, *self.beside)}


@dataclass(frozen=True, kw_only=True)
class Regime:
    """Makes the phases of a training.

    Args:
        sharing: the regime.
        loss: the terms of all phases.
        optimiser: of all phases.
        epochs: of the target's phase.
    """

    sharing: Sharing
    loss: Weighted
    optimiser: Optimiser
    epochs: int

    def phases(
        self,
        model: Student | Plain | Teacher,
        *,
        instructor: Teacher | None,
        target: QualityData,
        pairs: QualityData | None,
    ) -> list[Phase]:
        """Return the phases in order.

        Args:
            model: what is trained.
            instructor: a teacher with parts of its own, for ``distil``.
            target: the source to be good at.
            pairs: another source, with references, to learn from first; None where the target has references.

        Raises:
            ConfigError: the regime does not go with the model or the data.
        """
        kind = choice(self.sharing.kind, allowed=KINDS, name="sharing")
        self._check(model, target=target, pairs=pairs)
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
        self, model: Student | Plain, instructor: Teacher, target: QualityData, pairs: QualityData | None
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

    def _teacher(self, name: str, teacher: Teacher, target: QualityData, epochs: int) -> Phase:
        task = TeacherTask(
            teacher=teacher, loss=self.loss, optimiser=self.optimiser, source=target.name, unit=target.unit
        )
        return Phase(name=name, task=task, target=target, epochs=epochs)

    def _student(
        self,
        name: str,
        student: Student | Plain,
        target: QualityData,
        epochs: int,
        *,
        teacher: Teacher | None = None,
        teacher_learns: bool = True,
        instructor: Teacher | None = None,
        beside: QualityData | None = None,
    ) -> Phase:
        rehearsed = [beside] if beside is not None and self.sharing.rehearsal else []
        weights = {target.name: 1.0} | {data.name: self.sharing.rehearsal_weight for data in rehearsed}
        task = StudentTask(
            student=student,
            teacher=teacher,
            teacher_learns=teacher_learns,
            instructor=instructor,
            loss=self.loss,
            optimiser=self.optimiser,
            source=target.name,
            unit=target.unit,
            weights=weights,
        )
        return Phase(name=name, task=task, target=target, epochs=epochs, beside=rehearsed)

    def _check(self, model: Student | Plain | Teacher, *, target: QualityData, pairs: QualityData | None) -> None:
        kind = self.sharing.kind
        if isinstance(model, Teacher) and kind != "none":
            raise ConfigError(
                found=f"model=teacher with sharing={kind}",
                expected="sharing=none: a teacher alone shares with nobody",
                do=f"set model=student for sharing={kind}",
            )
        if isinstance(model, Plain) and kind not in ("none", "pretrain", "distil"):
            raise ConfigError(
                found=f"model=plain with sharing={kind}",
                expected="a model with a decoder to share",
                do="set model=student, or sharing=none",
            )
        if kind in ("transfer", "pretrain") and pairs is None:
            raise ConfigError(
                found=f"sharing={kind} without a source of pairs",
                expected="a set with references to learn from first",
                do="name one, such as +data@pairs=folder pairs.root=PHOTOGRAPHS",
            )
        source = pairs or target
        if (isinstance(model, Teacher) or kind in ("joint", "sequential", "transfer", "distil")) and not (
            source.has_references
        ):
            raise ConfigError(
                found=f"{'model=teacher' if isinstance(model, Teacher) else f'sharing={kind}'} on {source.name},"
                " which has no references",
                expected="pairs of a distorted image and its reference",
                do="set sharing=transfer with a source of pairs, or sharing=none",
            )
