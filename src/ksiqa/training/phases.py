"""The phases of a training, one after another, and whether a teacher came out of them."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig
from rich.console import Console

from ksiqa.data.mixed import Data
from ksiqa.errors import CheckpointError, ConfigError, NotFiniteError
from ksiqa.model.ensemble import members
from ksiqa.model.teacher import Teacher
from ksiqa.task.phase import Phase
from ksiqa.task.quality import QualityTask
from ksiqa.training import trainers
from ksiqa.training.assembly import Parts
from ksiqa.training.fsdp import Fsdp
from ksiqa.training.processes import is_first
from ksiqa.training.shown import show_start
from ksiqa.training.tuned import Tuning, fixed_shapes, tune

FR_MAY_LOSE = 0.01  # SRCC on held-out pairs; a teacher that lost more in later phases is not saved as one


def train_phases(config: DictConfig, parts: Parts, folder: Path, *, loggers: list[Logger]) -> str | None:
    """Run all phases; return the source on whose scale full-reference scores are, None without a trained teacher."""
    phases = parts.regime.phases(parts.model, instructor=parts.instructor, target=parts.target, pairs=parts.pairs)
    held_out = pairs_held_out(config, parts)
    if is_first():
        show_start(config, parts, phases, processes=trainers.scoring_trainer(config, alone=False).world_size)
    srcc = []
    for phase in phases:
        fit(config, phase, folder, loggers=loggers)
        if held_out is not None:
            srcc.append(fr_srcc(config, phase, held_out))
    if isinstance(parts.model, Teacher) or config.sharing.kind == "joint":
        return next(one.name for one in parts.target.sets if one.has_references)
    if held_out is not None and most_lost(srcc, students=len(members(parts.model))) <= FR_MAY_LOSE:
        return held_out.sets[0].name
    return None


def most_lost(srcc: Sequence[float], *, students: int) -> float:
    """Return the most that a student's teacher lost from its first phase to its last.

    Args:
        srcc: after each phase, those of one student after those of another.
        students: how many.
    """
    each = len(srcc) // students
    return max(srcc[first] - srcc[first + each - 1] for first in range(0, len(srcc), each))


def pairs_held_out(config: DictConfig, parts: Parts) -> Data | None:
    """Return the data whose validation part shows whether the teacher still scores after the phases that follow its
    own; None for regimes without such phases.

    Raises:
        ConfigError: the part is empty.
    """
    kind = config.sharing.kind
    if kind not in ("transfer", "sequential"):
        return None
    data = parts.pairs or parts.target
    if not data.has_validation:
        raise ConfigError(
            found=f"sharing={kind} without a validation part",
            expected="pairs held out, on which to see whether the teacher still scores after the student's phase",
            do="set split.validation_share=0.1",
        )
    return data


def fr_srcc(config: DictConfig, phase: Phase, data: Data) -> float:
    """Return the SRCC of the teacher that learned in a phase on the validation part of ``data``, of a mix the mean over
    its sets."""
    teacher = phase.task.teacher
    assert teacher is not None  # transfer and sequential have one in each phase
    task = QualityTask(student=None, teacher=teacher, units={one.name: one.unit for one in data.sets})
    loaders = [one.val_dataloader() for one in data.sets]
    trainers.scoring_trainer(config, alone=False).validate(task, loaders, verbose=False)
    return float(task.trainer.callback_metrics[task.criterion])


def fit(config: DictConfig, phase: Phase, folder: Path, *, loggers: list[Logger]) -> None:
    """Train one phase, with its best or its last weights at the end.

    Raises:
        ConfigError: the best epoch is wanted, and none was validated.
        NotFiniteError: the loss is no number; the text names the step, the terms and the images.
        StoppedError: a signal wants the process to end.
    """
    for part in phase.frozen:
        part.requires_grad_(False)
    trainer = trainers.trainer(config, phase=phase, folder=folder, loggers=loggers)
    loaders = phase.loaders(processes=trainer.world_size)
    newest = newest_checkpoint(folder / trainers.CHECKPOINTS / phase.name)
    task, tuning = phase.task, Tuning.of(config.strategy)
    if isinstance(trainer.strategy, Fsdp):
        task, tuning = deepcopy(task), replace(tuning, channels_last=False)  # it takes contiguous weights alone
    tune(task, tuning, fixed=fixed_shapes(phase), batches=trainer.accumulate_grad_batches)
    try:
        trainer.fit(task, loaders, phase.validation(), ckpt_path=newest, weights_only=True)
    except NotFiniteError as error:
        tables = {one.name: one.table.frame["image"] for one in (*phase.target.sets, *phase.beside)}
        images = [str(tables[source].iloc[row]) for source, rows in error.rows.items() for row in rows]
        found = f"{error.found}; images: {', '.join(images)}"
        raise NotFiniteError(found=found, expected=error.expected, do=error.do) from error
    if isinstance(trainer.strategy, Fsdp):
        phase.task.load_state_dict(trainer.strategy.trained)
    if config.task.select == "best" and trainer.max_epochs:
        phase.task.load_state_dict(torch.load(best_checkpoint(trainer), weights_only=True)["state_dict"])


def newest_checkpoint(folder: Path) -> Path | None:
    """Return the checkpoint of the most steps that can be read; None where there is none yet.

    Raises:
        CheckpointError: there are some, and none can be read.
    """
    files = sorted(folder.glob("*.ckpt"))
    steps = {file: step for file in files if (step := _steps(file)) is not None}
    if not files:
        return None
    broken = ", ".join(file.name for file in files if file not in steps)
    if not steps:
        raise CheckpointError(
            found=f"{folder} with {broken}, none of which can be read",
            expected="a checkpoint that was written whole",
            do="delete the folder: the phase starts anew",
        )
    newest = max(steps, key=lambda file: (steps[file], file.name))
    if is_first():
        left = f"not whole, left aside: {broken}; " if broken else ""
        Console().print(f"{left}going on from {newest}, step {steps[newest]}", soft_wrap=True, markup=False)
    return newest


def best_checkpoint(trainer: lightning.Trainer) -> str:
    """Return the file of the epoch that was best on the validation part.

    Raises:
        ConfigError: no epoch was validated.
    """
    saving = (one for one in trainer.checkpoint_callbacks if isinstance(one, ModelCheckpoint))
    best = next(one for one in saving if one.filename == trainers.BEST).best_model_path
    if not best:
        raise ConfigError(
            found="task.select=best, and no epoch that was validated",
            expected="a validation in some epoch",
            do="leave out trainer.check_val_every_n_epoch and trainer.limit_val_batches, or set task.select=last",
        )
    return best


def _steps(file: Path) -> int | None:
    try:
        return int(torch.load(file, weights_only=True, map_location="cpu")["global_step"])
    except (OSError, MemoryError):  # says nothing of the file
        raise
    except Exception:  # whatever a file that is no checkpoint makes torch say
        return None
