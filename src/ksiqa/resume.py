"""The folder that a run writes to: a new one, or the one of a run that was cut off."""

from contextlib import suppress
from pathlib import Path

from omegaconf import DictConfig, OmegaConf, open_dict

from ksiqa.errors import ConfigError
from ksiqa.processes import is_first, share_folder, shared_folder


def run_folder(config: DictConfig, folder: Path) -> Path:
    """Return the folder to train in, and take ``resume`` out of the config.

    Args:
        config: of the run; with ``+resume=auto|FOLDER`` a training that was cut off goes on.
        folder: the new one; where another is returned, it is removed if it is empty.

    Raises:
        ConfigError: the new folder is in use; there is nothing to resume, or it was made with another config.
    """
    with open_dict(config):
        resume = config.pop("resume", None)
    handed = shared_folder()
    if handed is None and resume is None and is_first() and (folder / "config.yaml").exists():
        raise ConfigError(
            found=f"{folder}, which holds a run already",
            expected="a folder of its own for each run",
            do=f"add +resume={folder} if that run was cut off, or choose another hydra.run.dir",
        )
    found = handed or (folder if resume is None else _unfinished(config, folder, resume))
    if found.absolute() != folder.absolute():
        with suppress(OSError):  # not empty, or another process was faster
            folder.rmdir()
    share_folder(found)
    return found


def _unfinished(config: DictConfig, folder: Path, resume: str) -> Path:
    text = OmegaConf.to_yaml(config, resolve=True)
    if resume == "auto":
        candidates = sorted(folder.parent.glob("*/config.yaml"), reverse=True)
    else:
        candidates = [Path(resume).expanduser() / "config.yaml"]
    for candidate in candidates:
        if candidate.exists() and candidate.read_text() == text and not (candidate.parent / "results.json").exists():
            return candidate.parent
    with suppress(OSError):
        folder.rmdir()
    raise ConfigError(
        found=f"resume={resume}, and no unfinished run of this config ({len(candidates)} folders looked at)",
        expected="a run folder without results.json whose config.yaml equals this command's",
        do="repeat the command exactly as it was, or leave +resume out to start anew",
    )
