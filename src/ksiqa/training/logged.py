"""The ``logger`` node: where the figures of a run go beside its own files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import instantiate
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig
from rich.console import Console

from ksiqa.build import plain
from ksiqa.callback.metrics_file import metrics_rows
from ksiqa.callback.wandb_pictures import pictures
from ksiqa.callback.wandb_run import OURS, WandbRun, group_name, run_id
from ksiqa.errors import ConfigError
from ksiqa.inference.evaluation import Tested
from ksiqa.recipe import fingerprint
from ksiqa.training.processes import is_first

ENDED = "ended"  # in wandb/ of a run's folder: W&B has all of the run
EXTRAS = {"tensorboard": "tensorboard"}  # loggers that need a package, which the extra of their name installs


def check_loggers(config: DictConfig) -> None:
    """See, before any work, whether the loggers' packages are there, and whether W&B is told what it may be.

    Raises:
        ConfigError: one is not, or it is told more.
    """
    taken = sorted(set(OURS) & set(config.logger.get("wandb") or ()))
    if taken:
        raise ConfigError(
            found=", ".join(f"logger.wandb.{name}" for name in taken),
            expected=f"of what wandb.init takes: entity, tags, notes and the like; a run sets {', '.join(OURS)}",
            do="leave it out; name and variant of the config are in W&B's config too",
        )
    for name in set(EXTRAS) & {name for name, one in config.logger.items() if one}:
        try:
            import_module(EXTRAS[name])
        except ImportError as error:
            raise ConfigError(
                found=f"logger={name}, and no package {EXTRAS[name]}",
                expected=f"the extra {name} installed",
                do=f"run pip install 'ksiqa[{name}]', or set logger=csv: metrics.csv is written in any case",
            ) from error


@contextmanager
def logged(config: DictConfig, folder: Path) -> Iterator[list[Logger]]:
    """Open the loggers that the config names, on the first process, for all phases of a run; metrics.csv is written
    whatever they are.

    Raises:
        ConfigError: W&B is to be online, and does not let us in.
    """
    nodes = [one for one in config.logger.values() if one] if is_first() else []
    found: list[Logger] = [instantiate(one, save_dir=str(folder)) for one in nodes]
    open_: list[WandbRun] = []
    status = 1
    try:
        for run in (one for one in found if isinstance(one, WandbRun)):
            recipe = fingerprint(plain(config))
            group = group_name(config.name, sweep=_sweep(), recipe=recipe)
            named = " ".join(dict.fromkeys((config.name, *folder.absolute().parts[-2:])))  # of a search: with the trial
            run.begin(name=named, id_=run_id(folder), group=group, config=plain(config) | {"recipe": recipe})
            open_.append(run)
        yield found
        status = 0
    finally:
        for run in open_:
            run.end(status=status)
            if not status:
                (folder / "wandb").mkdir(exist_ok=True)  # W&B makes none where it is switched off
                (folder / "wandb" / ENDED).touch()


def log_rest(config: DictConfig, folder: Path, *, results: dict[str, Any], keep: bool) -> None:
    """Log what W&B lacks of a run that is done, and was killed before W&B had its end: all but the pictures of the test
    part, which would want the training's data again."""
    wanted = any(str(node.get("_target_", "")).endswith(WandbRun.__name__) for node in config.logger.values() if node)
    if not wanted or (folder / "wandb" / ENDED).exists():
        return
    with logged(config, folder) as loggers:
        places = log_end(loggers, folder, tested=[], results=results, keep=keep)
    said = f"W&B lacked the end of this run; it has it now, without pictures of the test part: {', '.join(places)}"
    Console().print(said, soft_wrap=True, markup=False)


def log_end(
    loggers: Sequence[Logger], folder: Path, *, tested: Sequence[Tested], results: dict[str, Any], keep: bool
) -> list[str]:
    """Log what a run has come to, to W&B: its figures, pictures of the test part, its files, among them the model if it
    is to stay in ``folder``. Return where that is."""
    runs = [one for one in loggers if isinstance(one, WandbRun)]
    for run in runs:
        run.catch_up(metrics_rows(folder / "metrics.csv"))
        run.run.summary.update({key: one for key, one in results.items() if isinstance(one, int | float | str)})
        for one in tested:
            prefix = f"test/{one.data.name}/" if len(tested) > 1 else "test/"
            shown = pictures(one.task, one.data, place=0, part="test", errors=one.residuals, prefix=prefix)
            run.log_metrics(shown, step=len(metrics_rows(folder / "metrics.csv")))
        if keep:
            run.log_files("model", kind="model", files=_files(folder / "model", folder / "model"))
        records = {name: folder / name for name in ("config.yaml", "results.json")}
        run.log_files("run", kind="run", files=records | _files(folder / "split", folder))
    return [run.place for run in runs]


def _files(folder: Path, root: Path) -> dict[str, Path]:
    return {str(file.relative_to(root)): file for file in sorted(folder.rglob("*")) if file.is_file()}


def _sweep() -> str | None:
    """Return the name of the sweep's folder, where this run is one of a sweep."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        return None
    return Path(HydraConfig.get().sweep.dir).name
