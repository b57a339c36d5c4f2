"""An Optuna study in a folder that several processes may share: the lock of its folder gives a trial to one of them."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ksiqa.errors import ConfigError, FolderInUseError
from ksiqa.files import alone_in
from ksiqa.search.space import Space

if TYPE_CHECKING:
    import optuna

STUDY = "study.db"


def opened(folder: Path) -> "optuna.Study":
    """Open the study of a folder, or begin it.

    Raises:
        ConfigError: the package is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise ConfigError(
            found="a search, and no package optuna",
            expected="the extra optuna installed",
            do="run pip install 'ksiqa[optuna]'",
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # what it says of each trial is said by the search
    storage = f"sqlite:///{folder.absolute() / STUDY}"
    return optuna.create_study(storage=storage, study_name="ksiqa", direction="maximize", load_if_exists=True)


def begun(study: "optuna.Study", *, names: list[str]) -> int:
    """Return how many trials have ended, or have all their values: one cut off before it had them never ends."""
    trials = study.get_trials(deepcopy=False)
    return sum(trial.state.is_finished() or set(trial.params) == set(names) for trial in trials)


def left_behind(study: "optuna.Study", folder: Path, *, held: ExitStack, names: list[str]) -> Any:
    """Return a trial that was begun and that nobody works on; its folder is this process's until ``held`` ends."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
        if set(trial.params) == set(names) and _hold(place_of(folder, trial.number), held):
            if study.get_trials(deepcopy=False)[trial.number].state == TrialState.RUNNING:
                return trial
            held.close()  # another process came to its end in between
    return None


def asked(study: "optuna.Study", folder: Path, *, held: ExitStack, space: Space, seed: int) -> Any:
    """Return a new trial with its values; None where another process was faster to take it for one left behind."""
    from optuna.samplers import TPESampler

    study.sampler = TPESampler(seed=seed + len(study.get_trials(deepcopy=False)))  # also of a study that goes on
    trial = study.ask()
    if not _hold(place_of(folder, trial.number), held):
        return None
    for key, one in space.items():
        if isinstance(one, list):
            trial.suggest_categorical(key, one)
        elif isinstance(one.low, int) and isinstance(one.high, int):
            trial.suggest_int(key, one.low, one.high, log=one.log)
        else:
            trial.suggest_float(key, one.low, one.high, log=one.log)
    return trial


def place_of(folder: Path, number: int) -> Path:
    """Return the folder of a trial."""
    return folder / f"trial-{number:04}"


def _hold(folder: Path, held: ExitStack) -> bool:
    folder.mkdir(exist_ok=True)
    try:
        held.enter_context(alone_in(folder))
    except FolderInUseError:
        return False
    return True
