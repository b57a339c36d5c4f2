"""The phases of a training, one after another, and whether a teacher came out of them."""

from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from ksiqa.data.mixed import Data
from ksiqa.errors import ConfigError
from ksiqa.model.student import Student
from ksiqa.model.teacher import Teacher
from ksiqa.task.phase import Phase
from ksiqa.task.quality import QualityTask
from ksiqa.training import trainers
from ksiqa.training.assembly import Parts

FR_MAY_LOSE = 0.01  # SRCC on held-out pairs; a teacher that lost more in later phases is not saved as one


def train_phases(config: DictConfig, parts: Parts, folder: Path) -> str | None:
    """Run all phases; return the source on whose scale full-reference scores are, None without a trained teacher."""
    phases = parts.regime.phases(parts.model, instructor=parts.instructor, target=parts.target, pairs=parts.pairs)
    held_out = pairs_held_out(config, parts)
    srcc = []
    for phase in phases:
        fit(config, phase, folder)
        if held_out is not None:
            srcc.append(fr_srcc(config, parts, held_out))
    if isinstance(parts.model, Teacher) or config.sharing.kind == "joint":
        return next(one.name for one in parts.target.sets if one.has_references)
    if held_out is not None and srcc[0] - srcc[-1] <= FR_MAY_LOSE:
        return held_out.sets[0].name
    return None


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


def fr_srcc(config: DictConfig, parts: Parts, data: Data) -> float:
    """Return the teacher's SRCC on the validation part of ``data``, of a mix the mean over its sets."""
    assert isinstance(parts.model, Student)  # only a student is trained by transfer or sequential
    task = QualityTask(student=None, teacher=parts.model.teacher(), units={one.name: one.unit for one in data.sets})
    loaders = [one.val_dataloader() for one in data.sets]
    trainers.scoring_trainer(config, alone=False).validate(task, loaders, verbose=False)
    return float(task.trainer.callback_metrics[task.criterion])


def fit(config: DictConfig, phase: Phase, folder: Path) -> None:
    """Train one phase, with its best or its last weights at the end."""
    for part in phase.frozen:
        part.requires_grad_(False)
    trainer = trainers.trainer(config, phase=phase, folder=folder)
    last = folder / "checkpoints" / phase.name / "last.ckpt"
    loaders = phase.loaders(processes=trainer.world_size)
    trainer.fit(phase.task, loaders, phase.validation(), ckpt_path=last if last.exists() else None)
    if config.task.select == "best":
        checkpoint: Any = trainer.checkpoint_callback
        best = torch.load(checkpoint.best_model_path, weights_only=True)
        phase.task.load_state_dict(best["state_dict"])
