"""KSIQA's training step as ``ksiqa train`` takes it: the task, its optimiser and schedule, in Lightning's loop."""

import time
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import Callback

from ksiqa import build
from ksiqa.batch import Batch, View
from ksiqa.benchmark.counts import flops_of, synchronise
from ksiqa.benchmark.setting import SOURCE, Setting
from ksiqa.benchmark.stints import Contestant
from ksiqa.model.ensemble import members
from ksiqa.model.teacher import Teacher
from ksiqa.task.quality import QualityTask, as_images
from ksiqa.task.student import StudentTask
from ksiqa.task.teacher import TeacherTask
from ksiqa.training.tuned import Tuning, tune

COMPILED = {"eager": "none", "compile": "default", "graphs": "graphs"}
KINDS = {
    "teacher": ("teacher", "none"),
    "student": ("student", "none"),
    "joint": ("student", "joint"),
    "plain": ("plain", "none"),
}


def trainings(setting: Setting) -> Iterator[Contestant]:
    """Yield teacher, student, joint training of both and the plain trunk, in each mode and batch size."""
    for name, (kind, sharing) in KINDS.items():
        if not setting.wants(name):
            continue
        for mode in setting.modes:
            for batch in setting.training_batches:
                config, model = setting.model(kind, sharing=sharing)
                training = Training(config, task_of(config, model, joint=sharing == "joint"), mode=mode)
                images = images_of(setting, batch, pairs=name in ("teacher", "joint"))
                stint, flops = training.stint(images), training.flops(images, setting.device)
                yield Contestant(name=name, work="training", mode=mode, batch=batch, stint=stint, flops=flops)


def task_of(config: Any, model: Any, *, joint: bool) -> QualityTask:
    """Return the task that trains a model, of several students the first: they learn one after another."""
    model = members(model)[0]
    regime = build.regime(config)
    told: dict[str, Any] = {"loss": regime.loss, "optimiser": regime.optimiser}
    told |= {"units": {SOURCE: 1.0}, "weights": {SOURCE: 1.0}}
    if isinstance(model, Teacher):
        return TeacherTask(teacher=model, **told)
    teacher = model.teacher() if joint else None
    return StudentTask(student=model, teacher=teacher, teacher_learns=True, instructor=None, **told)


def images_of(setting: Setting, batch: int, *, pairs: bool) -> Batch:
    """Return a batch of noise as a loader gives it: bytes on the CPU."""
    noise = torch.Generator().manual_seed(0)
    shape = (batch, 3, setting.side, setting.side)
    views = [View(torch.randint(256, shape, dtype=torch.uint8, generator=noise)) for _ in range(1 + pairs)]
    score = torch.linspace(0, 1, batch)
    return Batch(distorted=views[0], reference=views[1] if pairs else None, score=score, row=torch.arange(batch))


class Training:
    """Trains in stints, each a ``fit`` whose first step is not counted.

    Args:
        config: of the training.
        task: what is trained.
        mode: ``eager``, ``compile`` or ``graphs``.
    """

    def __init__(self, config: Any, task: QualityTask, *, mode: str) -> None:
        self.config, self.task = config, task
        tune(task, Tuning.of({**config.strategy, "compile": COMPILED[mode]}), fixed=True)

    def stint(self, images: Batch) -> Any:
        """Return a function that trains so many steps, and one before, and returns their seconds."""

        def trained(steps: int) -> float:
            clock = _Clock()
            node, settings = self.config.strategy, build.plain(self.config.trainer)
            quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
            settings |= {"max_epochs": None, "max_steps": steps + 1, "precision": node.precision, **quiet}
            trainer = lightning.Trainer(
                **settings, accelerator=node.accelerator, devices=node.devices, callbacks=[clock]
            )
            trainer.fit(self.task, {SOURCE: _Repeated(images, steps + 1)})
            return clock.seconds

        return trained

    def flops(self, images: Batch, device: torch.device) -> int:
        """Return the operations of a step, in eager mode: forward and backward."""
        terms: Any = self.task.terms
        plain = getattr(terms, "plain", terms)
        self.task.to(device).train()
        batch = as_images(_moved(images, device))
        flops = flops_of(lambda: sum(plain(batch, source=SOURCE).values()).backward())
        self.task.zero_grad(set_to_none=True)
        return flops


def _moved(images: Batch, device: torch.device) -> Batch:
    moved: Batch = lightning.LightningDataModule().transfer_batch_to_device(images, device, 0)
    return moved


class _Repeated:
    """A loader that gives one batch again and again; of a list Lightning would take each for a loader."""

    def __init__(self, images: Batch, times: int) -> None:
        self.images, self.times = images, times

    def __len__(self) -> int:
        return self.times

    def __iter__(self) -> Iterator[Batch]:
        return repeat(self.images, self.times)


class _Clock(Callback):
    """Seconds from the end of the first step to the end of the last one."""

    seconds = 0.0

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Note the time after the first and after the last step."""
        del outputs, batch
        if batch_idx == 0:
            synchronise(pl_module.device)
            self._started = time.perf_counter()
        if trainer.global_step == trainer.max_steps:
            synchronise(pl_module.device)
            self.seconds = time.perf_counter() - self._started
