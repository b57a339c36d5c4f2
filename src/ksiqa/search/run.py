"""Settings looked for by Optuna (``+sweep=optuna``), on validation parts alone, in a study that may be killed."""

from collections.abc import Mapping
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path
from shutil import rmtree
from statistics import median
from typing import TYPE_CHECKING, Any

import torch
from omegaconf import DictConfig, OmegaConf, open_dict
from rich.console import Console

from ksiqa.build import plain
from ksiqa.callback.metrics_file import metrics_rows
from ksiqa.errors import (
    ConfigError,
    DatasetError,
    FolderInUseError,
    KsiqaError,
    StoppedError,
    StorageError,
    whole_number,
)
from ksiqa.files import write_whole
from ksiqa.kinds import check_kinds
from ksiqa.search.space import Space, ranges
from ksiqa.search.study import asked, begun, left_behind, opened, place_of
from ksiqa.training.run import run
from ksiqa.training.trainers import several_devices

if TYPE_CHECKING:
    import optuna

NOT_OF_VALUES = (StoppedError, FolderInUseError, StorageError, DatasetError)  # whatever the values: the trial is left
FAILED = "failed.txt"  # in the folder of a trial that failed: why
UNKEPT = ("checkpoints", "model")  # of a trial's runs: what is large, and nobody goes on with


def search(config: DictConfig, folder: Path) -> dict[str, Any]:
    """Try settings until the study in ``folder`` has ``search.trials`` trials, of all processes that share it; return
    the best ones, by dotted keys.

    A trial is a training on each split of ``search.splits``; its value is the median of their SRCC on validation parts.
    Test parts are not scored. A trial that a killed process left behind is finished first, and of a training that was
    cut off the rest is done.

    Raises:
        ConfigError: values without meaning, or the package is not installed; or no trial came to a number.
    """
    config = deepcopy(config)
    with open_dict(config):
        wanted = plain(config.pop("search"))
    space = ranges(wanted["space"])
    _check(config, wanted, space)
    folder.mkdir(parents=True, exist_ok=True)
    study = opened(folder)
    while True:
        with ExitStack() as held:
            trial = left_behind(study, folder, held=held, names=list(space))
            if trial is None:
                if begun(study, names=list(space)) >= wanted["trials"]:
                    break
                trial = asked(study, folder, held=held, space=space, seed=wanted["seed"])
            if trial is not None:
                _try(study, trial, config, splits=wanted["splits"], folder=place_of(folder, trial.number))
    return _told(study, folder)


def _check(config: DictConfig, wanted: Mapping[str, Any], space: Space) -> None:
    whole_number(wanted["trials"], least=1, name="search.trials")
    whole_number(wanted["seed"], least=0, name="search.seed")
    unknown = [key for key in space if OmegaConf.select(config, key) is None]
    if unknown or not space:
        raise ConfigError(
            found=f"search.space.{unknown[0]}, which the config does not have" if unknown else "an empty search.space",
            expected="keys of the config, to each its range or its values",
            do="look the key up in conf/",
        )
    if not isinstance(wanted["splits"], list) or not wanted["splits"] or not config.split.validation_share:
        raise ConfigError(
            found=f"search.splits={wanted['splits']} with split.validation_share={config.split.validation_share}",
            expected="splits that have a validation part: by its SRCC trials are compared",
            do="set search.splits=[0,1,2] split.validation_share=0.1",
        )
    if config.model.students > 1 or "model.students" in space:
        raise ConfigError(
            found=f"a search with {'several values of ' if 'model.students' in space else ''}model.students",
            expected="one student, by whose validation SRCC trials are compared; several have none together",
            do="set model.students=1, and several for the recipe that is found",
        )
    if config.report.best_on_test or several_devices(config):
        raise ConfigError(
            found=f"a search with report.best_on_test={config.report.best_on_test}, {config.strategy.devices} devices",
            expected="no look at the test part, and one device a process",
            do="set report.best_on_test=false strategy.devices=1; more processes may share the study",
        )


def _try(study: "optuna.Study", trial: Any, config: DictConfig, *, splits: list[int], folder: Path) -> None:
    """Train on each split and tell the study what came of it; values that cannot be trained make it fail."""
    from optuna.trial import TrialState

    values = []
    try:
        for index in splits:
            one = deepcopy(config)
            for key, value in {**trial.params, "split.index": index}.items():
                OmegaConf.update(one, key, value)
            check_kinds(plain(one))
            place = folder / f"split.index={index}"
            run(one, place, test=False)
            values.append(validation_srcc(place / "metrics.csv", best=config.task.select == "best"))
            for name in UNKEPT:
                rmtree(place / name, ignore_errors=True)
    except NOT_OF_VALUES:
        raise
    except (KsiqaError, torch.OutOfMemoryError) as error:
        study.tell(trial.number, state=TrialState.FAIL)
        found = error.found if isinstance(error, KsiqaError) else error
        with write_whole(folder / FAILED) as file:
            file.write(str(found))
        _say(f"trial {trial.number}: failed, {found}, {' '.join(_overrides(trial.params))}")
    else:
        study.tell(trial.number, median(values))
        _say(f"trial {trial.number}: {median(values):.4f}, {' '.join(_overrides(trial.params))}")


def validation_srcc(file: Path, *, best: bool) -> float:
    """Return the SRCC on the validation part of the last phase's last epoch that has one, or of its best one, from
    metrics.csv.

    Raises:
        ConfigError: none has one.
    """
    rows = metrics_rows(file)
    names = ("validation/mean_srcc", "validation/srcc")  # of a mix, and of one set
    of_phase = [row for row in rows if row["phase"] == rows[-1]["phase"]]
    figures = [float(row[name]) for row in of_phase for name in names if row.get(name)]
    if not figures:
        raise ConfigError(
            found=f"{file} without a figure of the validation part in the last phase",
            expected="an epoch that ends with a validation: by its SRCC trials are compared",
            do="leave out trainer.check_val_every_n_epoch and trainer.limit_val_batches, or train for more epochs",
        )
    return max(figures) if best else figures[-1]


def _told(study: "optuna.Study", folder: Path) -> dict[str, Any]:
    from optuna.trial import TrialState

    done = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    if not done:
        failed = sorted(folder.glob(f"*/{FAILED}"))
        raise ConfigError(
            found=f"a search in {folder} all of whose trials failed"
            + (f", the last one of {len(failed)} by {failed[-1].read_text(encoding='utf-8')}" if failed else ""),
            expected="values that can be trained with, of one trial at least",
            do="mend that or search.space, then search anew with name=OTHER, or go on with a larger search.trials",
        )
    _say(f"best of {len(done)}, by median validation SRCC: {study.best_value:.4f} (trial {study.best_trial.number})")
    _say(" ".join(_overrides(study.best_params)))
    return dict(study.best_params)


def _overrides(values: Mapping[str, Any]) -> list[str]:
    return [f"{key}={value:.6g}" if isinstance(value, float) else f"{key}={value}" for key, value in values.items()]


def _say(text: str) -> None:
    Console().print(text, soft_wrap=True, markup=False, highlight=False)
