"""Several processes that train one model (DDP): which one writes, the run's folder that they share, and their end."""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch.distributed
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import DictConfig

from ksiqa.errors import ConfigError
from ksiqa.training.trainers import several_devices
from ksiqa.training.watch import lost, watching

HANDED, HANDING = "KSIQA_RUN_FOLDER", "KSIQA_FIRST_PROCESS"  # in the environment of the first process's children
BASIC = "basic"  # Hydra's own launcher: one run after another, in this process
OF_LIGHTNING = ("LOCAL_RANK", "NODE_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # what it leaves there itself


def is_first() -> bool:
    """Tell whether this process writes files and prints; Lightning knows it from the environment."""
    return not getattr(rank_zero_only, "rank", 0)


def check_launch(config: DictConfig) -> None:
    """See whether all processes of this training will know of one folder.

    Lightning's children are told: see ``share_folder`` and ``one_job``. Processes that torchrun or srun starts know no
    other's clock, which a run's folder is named after.

    Raises:
        ConfigError: they would not.
    """
    if not HydraConfig.initialized():
        return  # called with a folder, not from a command
    hydra = HydraConfig.get()
    launcher = "torchrun or srun" if _from_outside() else hydra.runtime.choices.get("hydra/launcher", BASIC)
    if hydra.mode == RunMode.MULTIRUN and several_devices(config) and launcher != BASIC:
        raise ConfigError(
            found=f"a sweep by {launcher} with strategy.devices={config.strategy.devices}",
            expected="runs one after another, each of which starts its own processes",
            do="leave the launcher out, or set strategy.devices=1",
        )
    if _from_outside() and not any(text.startswith("hydra.run.dir=") for text in hydra.overrides.hydra):
        raise ConfigError(
            found="processes started by torchrun or srun, without a folder for all of them",
            expected="hydra.run.dir in the command, the same for each process",
            do="add hydra.run.dir=outputs/NAME",
        )


@contextmanager
def one_job() -> Iterator[None]:
    """Let the processes that Lightning starts, by this one's command line, do the same run of a sweep and no other; and
    let the next run start its own."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        yield
        return
    hydra, before = HydraConfig.get(), (sys.argv, dict(os.environ))
    folders = [one.path for one in hydra.runtime.config_sources if one.provider == "command-line"]
    options = [
        "--config-name",
        str(hydra.job.config_name),
        *(word for one in folders for word in ("--config-dir", one)),
    ]
    sys.argv = [sys.argv[0], *options, *job_overrides(task=hydra.overrides.task, hydra=hydra.overrides.hydra)]
    try:
        yield
    finally:
        sys.argv, environment = before
        for name in (*OF_LIGHTNING, HANDED, HANDING):
            os.environ.pop(name, None)
            os.environ.update({name: environment[name]} if name in environment else {})


def job_overrides(*, task: Sequence[str], hydra: Sequence[str]) -> list[str]:
    """Return the overrides by which one run of a sweep is a run by itself."""
    return [*task, *(text for text in hydra if not text.startswith("hydra.mode=")), "hydra.mode=RUN"]


def share_folder(folder: Path) -> None:
    """Tell the processes that Lightning starts from this one which folder the run has."""
    if is_first():
        os.environ.update({HANDED: str(folder.absolute()), HANDING: str(os.getpid())})


def shared_folder() -> Path | None:
    """Return the folder that the first process handed to this one; None in the first process itself."""
    return None if is_first() or _from_outside() or HANDED not in os.environ else Path(os.environ[HANDED])


@contextmanager
def together() -> Iterator[None]:
    """Train by all processes, wait for all at the end, and end what binds them: from there on each is alone.

    Raises:
        LostProcessError: one of them is gone before that.
    """
    with watching(parent=_starter()):
        try:
            yield
            if torch.distributed.is_available() and torch.distributed.is_initialized():
                torch.distributed.barrier()
                torch.distributed.destroy_process_group()
        except RuntimeError as error:
            if not isinstance(error, torch.distributed.DistError) and "/gloo/" not in str(error):
                raise
            raise lost(_without_place(str(error))) from error


def _without_place(text: str) -> str:
    """Return the first sentence of what a broken connection says, without the line of gloo's source."""
    return re.sub(r"^\[\S*\] ", "", text.partition("\n")[0]).partition(". ")[0]


def _from_outside() -> bool:
    """Tell whether torchrun or srun started this process, and the others of its training."""
    return "RANK" in os.environ or int(os.environ.get("SLURM_NTASKS", 1)) > 1


def _starter() -> int | None:
    """Return the process without which this one is not to go on; None where it may."""
    if "TORCHELASTIC_RUN_ID" in os.environ:  # torchrun
        return os.getppid()
    handing = None if is_first() or _from_outside() else os.environ.get(HANDING)
    return None if handing is None else int(handing)
