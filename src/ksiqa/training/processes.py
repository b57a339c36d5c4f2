"""Several processes that train one model (DDP): which one writes, and the run's folder that they share."""

import os
from pathlib import Path

import torch.distributed
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import DictConfig

from ksiqa.errors import ConfigError
from ksiqa.training.trainers import several_devices

HANDED = "KSIQA_RUN_FOLDER"  # the environment variable by which the first process tells its children the folder


def is_first() -> bool:
    """Tell whether this process writes files and prints; Lightning knows it from the environment."""
    return not getattr(rank_zero_only, "rank", 0)


def check_launch(config: DictConfig) -> None:
    """See whether all processes of this training will know of one folder.

    Lightning's children are told: see ``share_folder``. Processes that torchrun or srun starts know no other's clock,
    which a run's folder is named after; and a child of one job of a sweep would start the whole sweep again.

    Raises:
        ConfigError: they would not.
    """
    if not HydraConfig.initialized():
        return  # called with a folder, not from a command
    hydra = HydraConfig.get()
    if hydra.mode == RunMode.MULTIRUN and several_devices(config):
        raise ConfigError(
            found=f"a sweep with strategy.devices={config.strategy.devices}",
            expected="one training a command where several processes train together",
            do="start the trainings one by one, or set strategy.devices=1",
        )
    from_outside = "RANK" in os.environ or int(os.environ.get("SLURM_NTASKS", 1)) > 1
    if from_outside and not any(text.startswith("hydra.run.dir=") for text in hydra.overrides.hydra):
        raise ConfigError(
            found="processes started by torchrun or srun, without a folder for all of them",
            expected="hydra.run.dir in the command, the same for each process",
            do="add hydra.run.dir=outputs/NAME",
        )


def share_folder(folder: Path) -> None:
    """Tell the processes that Lightning starts from this one which folder the run has."""
    if is_first():
        os.environ[HANDED] = str(folder.absolute())


def shared_folder() -> Path | None:
    """Return the folder that the first process handed to this one; None in the first process itself."""
    return None if is_first() or HANDED not in os.environ else Path(os.environ[HANDED])


def part_ways() -> None:
    """Wait for all processes and end what binds them: from here on each is alone."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
