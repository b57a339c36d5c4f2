"""A run of Weights & Biases beside a run's own files: offline, unless it is told to go online."""

import json
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers.logger import Logger

from ksiqa.errors import ConfigError

DATA_DIR = "WANDB_DATA_DIR"  # of the environment: where W&B puts what tables hold, else in the user's home
MODE = "WANDB_MODE"  # W&B's own service, no Python, asks a network of its makers unless the environment says offline
# What ``begin`` itself tells W&B.
OURS = ("dir", "id", "group", "job_type", "config", "resume", "reinit", "mode", "settings")
GROUP = 128  # characters of a group's name that W&B allows


class WandbRun(Logger):
    """Hands figures, pictures and files to W&B, all in the run's folder while offline.

    Args:
        save_dir: the run's folder, or a sweep's.
        project: of W&B.
        offline: without account and network; ``wandb sync`` uploads it later.
        settings: what else ``wandb.init`` takes: ``entity``, ``tags``, ``notes``.
    """

    def __init__(self, *, save_dir: str, project: str, offline: bool, **settings: Any) -> None:
        super().__init__()
        self._folder, self._offline = Path(save_dir), offline
        self._settings = {"project": project, **settings}
        self.step = 0  # place of the newest row of metrics.csv

    @property
    def name(self) -> str:
        """The project."""
        return str(self._settings["project"])

    @property
    def version(self) -> str:
        """The run's id."""
        return str(self.run.id)

    def begin(self, *, name: str, id_: str, group: str, config: Mapping[str, Any], job_type: str = "train") -> None:
        """Open the run, or go on with the one of this id.

        Raises:
            ConfigError: online, and W&B does not let us in.
        """
        import wandb

        told = {DATA_DIR: str((self._folder / "wandb").absolute()), **({MODE: "offline"} if self._offline else {})}
        self._before = {name: os.environ.get(name) for name in told}
        os.environ.update(told)
        try:
            self.run = wandb.init(
                dir=self._folder,
                id=id_,
                group=group[:GROUP],
                job_type=job_type,
                config=dict(config),
                resume="allow",
                reinit="create_new",  # whatever other run is open in this process
                mode="offline" if self._offline else "online",
                settings=wandb.Settings(silent=self._offline, console="off", disable_git=True, save_code=False),
                **{"name": name, **self._settings},
            )
            self._told = int(self.run.step)  # rows; 0 while offline
        except wandb.Error as error:
            self._restore()
            raise ConfigError(
                found=f"logger.wandb.offline=false, and W&B says: {str(error).strip()}",
                expected="an account that W&B knows here, and a network",
                do="run wandb login, or set logger.wandb.offline=true and upload later by wandb sync",
            ) from error

    def catch_up(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Log the rows of metrics.csv that W&B has not been told: the newest, and, of a run that goes on, those that a
        kill may have kept it from writing. Offline nobody can tell which these are, and all are logged."""
        for step in range(self._told, len(rows)):
            figures = {name: value for name, value in rows[step].items() if name != "phase" and value not in ("", None)}
            self.log_metrics({name: float(value) for name, value in figures.items()}, step=step)
        self._told = max(self._told, len(rows))

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log figures, or media."""
        self.step = self.step if step is None else step
        self.run.log(dict(metrics), step=self.step)

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing: the run's config is told at its beginning."""

    def log_files(self, name: str, *, kind: str, files: Mapping[str, Path]) -> None:
        """Log files as an artifact: not copied, so that they have to stay where they are until they are uploaded."""
        import wandb

        artifact = wandb.Artifact(f"{name}-{self.run.id}", type=kind)
        for path, file in files.items():
            artifact.add_file(str(file), name=path, policy="immutable", skip_cache=True)
        self.run.log_artifact(artifact)

    def end(self, *, status: int) -> None:
        """Close the run with the exit status of what was done."""
        self.run.finish(exit_code=status)
        self._restore()

    @property
    def place(self) -> str:
        """Where the run is: the command that uploads it, or its page."""
        return f"wandb sync {self.run.settings.sync_dir}" if self._offline else str(self.run.url)

    def _restore(self) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def run_id(folder: Path) -> str:
    """Return a run's id of W&B: always the same for a run's folder, also where it was moved, and never that of another.

    It is made of the folder's name and of the run's first start (environment.json), which has a random id of its own.
    """
    first = json.loads((folder / "environment.json").read_text())[0]
    return sha256(json.dumps([folder.absolute().name, first], sort_keys=True).encode()).hexdigest()[:16]


def group_name(name: str, *, sweep: str | None, recipe: str) -> str:
    """Return the group of runs: those of one recipe in one sweep share it."""
    return "/".join(filter(None, (name, sweep, recipe)))
