"""The folder that a run writes to: a new one, or that of the same run, which was cut off or is done."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf, open_dict
from rich.console import Console

from ksiqa.errors import ConfigError
from ksiqa.recipe import OF_THE_RUN, flat, recipe
from ksiqa.training.processes import is_first, share_folder, shared_folder

CONFIG, RESULTS = "config.yaml", "results.json"


def run_folder(config: DictConfig, folder: Path) -> Path:
    """Return the folder to train in, and take ``resume`` out of the config.

    Args:
        config: of the run; with ``+resume=auto|FOLDER`` a training that was cut off goes on. Where none was, ``auto``
            starts one: a cluster may give each start the same command.
        folder: the new one; where another is returned, it is removed if it is empty.

    Raises:
        ConfigError: ``resume`` names a folder without an unfinished run of this config.
    """
    with open_dict(config):
        resume = config.pop("resume", None)
    found = shared_folder() or (folder if resume is None else _unfinished(config, folder, resume))
    if found.absolute() != folder.absolute():
        with suppress(OSError):  # not empty, or another process was faster
            folder.rmdir()
    share_folder(found)
    return found


def known_results(config: DictConfig, folder: Path) -> dict[str, Any] | None:
    """Return what the run left in its folder, if it is done; None where there is something to do.

    Raises:
        ConfigError: the folder holds what another run trained.
    """
    if not (folder / RESULTS).exists() and not any(folder.glob("checkpoints/*/*.ckpt")):
        return None
    different = differences(config, folder / CONFIG)
    if different:
        more = f" and {len(different) - 3} more" if len(different) > 3 else ""
        raise ConfigError(
            found=f"{folder}, which holds a run already, of another config: {'; '.join(different[:3])}{more}",
            expected="a folder of its own for each run",
            do="choose another hydra.run.dir, or hydra.sweep.dir for a sweep; name=OTHER changes both",
        )
    try:
        results = json.loads((folder / RESULTS).read_text())
    except (FileNotFoundError, ValueError):  # cut off, or damaged since
        return None
    return results if isinstance(results, dict) else None


def differences(config: DictConfig, file: Path) -> list[str]:
    """Return each key of recipe, split and seed whose value in ``file``, a run's config, is not that of ``config``; and
    both values."""
    here = _settings(yaml.safe_load(OmegaConf.to_yaml(config, resolve=True)))
    there = _settings(yaml.safe_load(file.read_text()) or {}) if file.exists() else {}
    keys = [key for key in {**there, **here} if _told(there, key) != _told(here, key)]
    return [f"{key} is {_told(there, key)} there and {_told(here, key)} here" for key in keys]


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    """Return the recipe, split and seed: what concerns the machine alone may change."""
    own = {key: value for key, value in flat(config).items() if key in OF_THE_RUN}
    return {**own, **recipe(config)}


def _told(values: dict[str, Any], key: str) -> Any:
    return "nothing" if key not in values else "null" if values[key] is None else values[key]


def _unfinished(config: DictConfig, folder: Path, resume: str) -> Path:
    if resume == "auto":
        if (folder / CONFIG).exists():  # named by hydra.run.dir
            return folder
        beside = sorted(folder.parent.glob(f"*/{CONFIG}"), reverse=True)
        found = next((file.parent for file in beside if _goes_on(config, file)), None)
        if found is None and is_first():
            Console().print(f"nothing to resume: a new run in {folder}", soft_wrap=True)
        return found or folder
    candidate = Path(resume).expanduser() / CONFIG
    if _goes_on(config, candidate):
        return candidate.parent
    raise ConfigError(
        found=f"resume={resume}, and no unfinished run of this config",
        expected="a run folder without results.json whose config.yaml equals this command's",
        do="repeat the command exactly as it was, or leave +resume out to start anew",
    )


def _goes_on(config: DictConfig, file: Path) -> bool:
    return file.exists() and not (file.parent / RESULTS).exists() and not differences(config, file)
