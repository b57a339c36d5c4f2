"""The ``trainer``, ``strategy`` and ``callback`` nodes: Lightning's Trainers."""

import inspect
import sys
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from hydra.utils import instantiate
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig
from torch.nn.parallel import DistributedDataParallel

from ksiqa.build import plain
from ksiqa.callback.best_on_test import EachEpochOnTest
from ksiqa.callback.going_on import GoingOn
from ksiqa.callback.metrics_file import MetricsFile
from ksiqa.callback.own_files import OwnFiles
from ksiqa.callback.pace import Pace
from ksiqa.callback.progress import EpochLines, Progress
from ksiqa.callback.wandb_pictures import ValidationPictures
from ksiqa.callback.within_epoch import WithinEpoch
from ksiqa.errors import ConfigError, choice, whole_number
from ksiqa.task.phase import Phase
from ksiqa.training.checkpoint_files import CheckpointFiles
from ksiqa.training.ddp import Ddp
from ksiqa.training.fsdp import Fsdp
from ksiqa.training.tuned import OF_SPEED, Tuning

BEST = "best"  # the checkpoint of task.select=best
CHECKPOINTS = "checkpoints"  # in a run's folder; where it is, training began
ACCELERATORS = ("auto", "cpu", "cuda", "gpu")
OF_DEVICES = ("accelerator", "devices", "num_nodes", "strategy", "precision")
TOLD_ELSEWHERE = {  # arguments of Lightning's Trainer that are not for the ``trainer`` node: what is to be done instead
    "callbacks": "add it to the callback group: +callback.NAME._target_=CLASS",
    "logger": "choose from the logger group: logger=csv, or another file of conf/logger",
    "default_root_dir": "set hydra.run.dir=FOLDER",
    **dict.fromkeys(("enable_checkpointing", "plugins", "use_distributed_sampler"), "leave it out: a run sets it"),
}
PRECISIONS = ("32-true", "bf16-mixed", "16-mixed", "64-true")  # halves of weights, too, would want halves of images


def trainer(config: DictConfig, *, phase: Phase, folder: Path, loggers: list[Logger]) -> lightning.Trainer:
    """Build the Trainer of a phase; its checkpoints go to ``checkpoints/<phase>``.

    Args:
        config: the run's.
        phase: of the training.
        folder: the run's.
        loggers: of all phases; see ``ksiqa.training.logged``.
    """
    select = config.task.select
    if select == "best" and not phase.target.has_validation:
        raise ConfigError(
            found="task.select=best without a validation part",
            expected="images to choose by that are neither trained on nor tested",
            do="set split.validation_share=0.1, or task.select=last",
        )
    checkpoints, report = folder / CHECKPOINTS / phase.name, config.report
    best = OwnFiles(dirpath=checkpoints, filename=BEST, monitor=phase.task.criterion, mode="max")
    pace, bar = Pace(), shows_progress(config)
    watched: Any = {"phase": phase.name, "criterion": phase.task.criterion, "pace": pace}
    callbacks: list[Callback] = [
        pace,
        *([Progress(**watched)] if bar else []),
        *([EachEpochOnTest(phase.target, from_features=report.from_features)] if report.best_on_test else []),
        MetricsFile(file=folder / "metrics.csv", phase=phase.name),
        *([EpochLines(**watched)] if config.trainer.enable_progress_bar and not bar else []),
        ValidationPictures(phase.target),
        *([best] if select == "best" else []),
        OwnFiles(dirpath=checkpoints, filename="last", enable_version_counter=False, save_on_train_epoch_end=True),
        WithinEpoch(folder=checkpoints, **plain(config.checkpoint)),
        GoingOn(),
        *instantiate(config.callback).values(),
    ]
    settings = {**plain(config.trainer), **_devices(config), "precision": config.strategy.precision}
    settings |= {"max_epochs": phase.epochs, "enable_progress_bar": bar}
    checkpoints.mkdir(parents=True, exist_ok=True)  # now: a folder that vanishes later must not come back empty
    return lightning.Trainer(
        **settings,
        callbacks=callbacks,
        logger=loggers,
        plugins=[CheckpointFiles()],
        default_root_dir=folder,
    )


def scoring_trainer(config: DictConfig, *, alone: bool = True) -> lightning.Trainer:
    """Build the Trainer that scores, in full precision, so that the figures are the same everywhere.

    Args:
        config: the run's.
        alone: on one device (the test part); else on those of training, by the processes that train.
    """
    chosen = plain(config.strategy)["devices"]
    first = {"accelerator": config.strategy.accelerator, "devices": chosen[:1] if isinstance(chosen, list) else 1}
    devices = first if alone else _devices(config)
    quiet: dict[str, Any] = {"logger": False, "enable_checkpointing": False, "enable_model_summary": False}
    return lightning.Trainer(**devices, precision="32-true", enable_progress_bar=shows_progress(config), **quiet)


def shows_progress(config: DictConfig) -> bool:
    """Tell whether bars are drawn: on a terminal alone."""
    return bool(config.trainer.enable_progress_bar) and sys.stdout.isatty()


def check_trainer(config: DictConfig) -> None:
    """See whether what a config says of its Trainers has a meaning, before data and model are built.

    Raises:
        ConfigError: it has none, or a GPU is asked for where there is none.
    """
    _check_arguments(config)
    choice(config.task.select, allowed=("last", "best"), name="task.select")
    choice(config.strategy.precision, allowed=PRECISIONS, name="strategy.precision")
    Tuning.of(config.strategy)
    check_devices(config)
    _devices(config)
    if config.report.best_on_test and several_devices(config):
        raise ConfigError(
            found=f"report.best_on_test=true with strategy.devices={config.strategy.devices}",
            expected="one process, which scores the test part after each epoch",
            do="set strategy.devices=1",
        )
    if config.report.best_on_test and config.model.students > 1:
        raise ConfigError(
            found=f"report.best_on_test=true with model.students={config.model.students}",
            expected="one student, whose epochs are those of the run",
            do="set report.best_on_test=false, or model.students=1",
        )


def _check_arguments(config: DictConfig) -> None:
    """See whether the ``trainer`` and ``strategy`` nodes tell what is theirs to tell, each argument in one place.

    Raises:
        ConfigError: an argument that is not known, or that is told elsewhere.
    """
    elsewhere = {name: f"set {'' if name in config.strategy else '+'}strategy.{name}=VALUE" for name in OF_DEVICES}
    elsewhere |= TOLD_ELSEWHERE
    known = inspect.signature(lightning.Trainer).parameters.keys() - elsewhere.keys()
    for name in config.trainer:
        if name in elsewhere:
            raise ConfigError(
                found=f"trainer.{name}",
                expected="arguments of Lightning's Trainer that nothing else in the config tells",
                do=elsewhere[name],
            )
        choice(name, allowed=known, name="trainer argument")
    for name in config.strategy:
        choice(name, allowed=(*OF_DEVICES, *OF_SPEED), name="strategy argument")


def check_devices(config: DictConfig) -> None:
    """See whether the devices that a config names are there, before data and model are built.

    Raises:
        ConfigError: they are not, or are no such names and numbers.
    """
    node = plain(config.strategy)
    accelerator = choice(node["accelerator"], allowed=ACCELERATORS, name="strategy.accelerator")
    if accelerator in ("gpu", "cuda") and not torch.cuda.is_available():
        raise ConfigError(
            found=f"strategy.accelerator={accelerator} on a machine without a GPU that torch can use",
            expected="a CUDA GPU and a torch build for it",
            do="set strategy=cpu, or strategy=auto to take what is there",
        )
    whole_number(node.get("num_nodes", 1), least=1, name="strategy.num_nodes")
    devices = node["devices"]
    there = 0 if accelerator == "cpu" else torch.cuda.device_count()
    if not (_are_gpus(devices, there) if there else type(devices) is int and devices > 0):
        gpus = f"how many of {there} GPUs, -1 for all, or a list of their numbers from 0"
        raise ConfigError(
            found=f"strategy.devices={devices}",
            expected=gpus if there else "how many processes share the CPU: a number from 1",
            do="set strategy.devices=1",
        )


def _are_gpus(devices: Any, there: int) -> bool:
    numbers = devices if isinstance(devices, list) else [devices - 1] if type(devices) is int and devices else []
    if devices == -1:
        return True
    return bool(numbers) and all(type(one) is int and 0 <= one < there for one in numbers)


def several_devices(config: DictConfig) -> bool:
    """Tell whether more than one device may be used (all that there are may be one), or more than one node."""
    node = plain(config.strategy)
    devices = node["devices"]
    return node.get("num_nodes", 1) > 1 or (len(devices) > 1 if isinstance(devices, list) else devices != 1)


def _devices(config: DictConfig) -> dict[str, Any]:
    """Return the ``strategy`` node's devices, and how processes share the work.

    DDP looks for unused parameters, since a phase need not use every source's calibration; it broadcasts no buffers:
    these never change in training, and processes that score uneven numbers of batches would wait for one another.
    Our samplers deal out the draws themselves.

    Raises:
        ConfigError: a way to share the work that is not known, or does not go with the precision.
    """
    node = plain(config.strategy)
    kind = choice(node["strategy"], allowed=("auto", "ddp", "fsdp"), name="strategy.strategy")
    if kind == "fsdp" and node["precision"] == "16-mixed":
        raise ConfigError(
            found="strategy.precision=16-mixed with strategy.strategy=fsdp",
            expected="a precision whose steps none of the processes leaves out alone",
            do="set strategy.precision=bf16-mixed",
        )
    several = kind != "auto" or several_devices(config)
    shared: Any = Fsdp if kind == "fsdp" else Ddp
    known = inspect.signature(DistributedDataParallel).parameters
    no_buffers: dict[str, Any] = {
        "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers": False
    }  # newer, older
    return {
        **{name: value for name, value in node.items() if name not in ("precision", *OF_SPEED)},
        "strategy": shared(find_unused_parameters=True, **no_buffers) if several else kind,
        "use_distributed_sampler": False,
    }
