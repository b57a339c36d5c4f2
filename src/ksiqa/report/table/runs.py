"""The runs that a table is made from: run folders, wherever they lie, and kept results.csv files."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ksiqa.errors import ConfigError
from ksiqa.recipe import fingerprint, flat, recipe

LACKING = ("missing", "missing_references", "unlisted", "pairs_missing")
SETTING = "config."  # begins the columns of results.csv that are settings of the recipe
OF_THE_SET = ("n", "test_n", "label", *LACKING)  # what is said of a tested set beside its figures
NEEDED = ("test/srcc", "data", "label", "split.source", "split.index", "seed", "train_n", "test_n")  # of results.csv


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training, tested on one set: its own, or another across databases."""

    origin: str  # its folder, or file and row, for errors
    folder: Path | None  # with metrics.csv; None for a row of results.csv
    predictions: Path | None  # predictions.csv
    results: dict[str, Any]  # results.json with dotted keys; None: a fit that did not converge
    settings: dict[str, Any]  # of the recipe, with dotted keys
    recipe: str  # fingerprint

    @property
    def split(self) -> tuple[int, ...]:
        """Which split it was tested on; across databases after the one that it was trained on."""
        known = self.results
        across = known.get("trained.data", known["data"]) != known["data"] and "trained.split.index" in known
        return (*([int(known["trained.split.index"])] if across else []), int(known["split.index"]))

    @property
    def seed(self) -> int:
        """The seed of its training."""
        return int(self.results["seed"])

    @property
    def marks(self) -> frozenset[str]:
        """Why its figures are no figures like others."""
        lacking = any(self.results.get(prefix + name) for name in LACKING for prefix in ("", "trained."))
        found = {
            "partial data": lacking,
            "pseudo-scores": self.results["label"] == "pseudo-score",
            "selected on the test part": self.results.get("best_on_test/srcc") is not None,
            "tested on another split": self._saw_another_split(),
        }
        return frozenset(name for name, is_so in found.items() if is_so)

    def _saw_another_split(self) -> bool:
        """Tell whether a model was evaluated on a split of its set that it was not trained on: it has seen images."""
        known = self.results
        keys = [key for key in ("source", "index", "seed") if f"trained.split.{key}" in known]
        same_set = known.get("trained.data") == known["data"]
        return same_set and any(known[f"trained.split.{key}"] != known.get(f"split.{key}") for key in keys)


class Found(NamedTuple):
    """Runs, and what else was found that is none."""

    runs: list[Run]
    notes: list[str]


def read_runs(paths: Sequence[Path]) -> Found:
    """Read run folders, at any depth, and results.csv files; a folder that is named twice counts once.

    Raises:
        ConfigError: a path that is not there, no run at all, or a results.csv without a column it needs.
    """
    runs: dict[str, Run] = {}
    unfinished: list[Path] = []
    for path in paths:
        if path.is_dir():
            folders = sorted({file.parent for name in ("results.json", "config.yaml") for file in path.rglob(name)})
            for folder in folders:
                found = _of_folder(folder)
                runs |= {f"{folder.resolve()} {run.results['data']}": run for run in found}
                if not found and _is_of_training(folder):
                    unfinished.append(folder)
        elif path.is_file() and path.suffix == ".csv":
            runs |= {run.origin: run for run in _of_file(path)}
        else:
            raise _nothing(f"{path}, which is neither a folder nor a results.csv")
    if not runs:
        raise _nothing(f"no finished run in {', '.join(map(str, paths)) or 'nothing'} ({len(unfinished)} unfinished)")
    notes = [f"{len(unfinished)} unfinished runs are left out, first {unfinished[0]}"] if unfinished else []
    return Found(list(runs.values()), notes)


def _nothing(found: str) -> ConfigError:
    return ConfigError(
        found=found,
        expected="folders of runs (with results.json), at any depth, or a kept results.csv",
        do="name the folder that ksiqa train wrote to, such as outputs/NAME",
    )


def _is_of_training(folder: Path) -> bool:
    """Tell a run's folder from a model's, which has a config of its own."""
    return (folder / "config.yaml").exists() and folder.name != "model"


def _of_folder(folder: Path) -> list[Run]:
    """Return the tests of a run's folder; none where its results are not there or not whole."""
    try:
        results = flat(json.loads((folder / "results.json").read_text()))
    except (FileNotFoundError, ValueError):
        return []
    config_file = folder / "config.yaml"
    if not config_file.exists() and "checkpoint" in results:  # an evaluation
        config_file = Path(results["checkpoint"]).expanduser().parent / "config.yaml"
    config = yaml.safe_load(config_file.read_text()) if config_file.exists() else {}
    for key in ("seed", "train_n", "recipe"):
        results.setdefault(key, results.get(f"trained.{key}"))
    known = str(results.pop("recipe") or fingerprint(config))
    return [
        Run(
            origin=f"{folder} ({one['data']})",
            folder=folder,
            predictions=folder / file,
            results=one,
            settings=recipe(config),
            recipe=known,
        )
        for file, one in _tests(results)
    ]


def _tests(results: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Part results into the test on the training's own set, and ``cross/<set>/...``: those on all of other sets."""
    own = {key: value for key, value in results.items() if not key.startswith("cross/")}
    if "test/srcc" in own:
        yield "predictions.csv", own
    common = {key: value for key, value in own.items() if "/" not in key and key not in LACKING}
    for name in dict.fromkeys(key.split("/")[1] for key in results if key.startswith("cross/")):
        begin = f"cross/{name}/"
        found = {key.removeprefix(begin): value for key, value in results.items() if key.startswith(begin)}
        figures = {f"test/{key}": value for key, value in found.items() if key not in OF_THE_SET}
        of_set = {"label": "", "test_n": found.pop("n", None)} | {key: found[key] for key in OF_THE_SET if key in found}
        trained = {"trained.data": own["data"], **{f"trained.{key}": own[key] for key in LACKING if key in own}}
        yield f"others/{name}.csv", {**figures, **common, **trained, **of_set, "data": name}


def _of_file(path: Path) -> Iterator[Run]:
    """Read a kept results.csv: a row a run, columns as results.json's keys; an empty cell is no value."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    lacking = [name for name in NEEDED if not rows or name not in rows[0]]
    if lacking:
        raise ConfigError(
            found=f"{path} without {', '.join(lacking)}",
            expected="a row a run, with the keys of results.json as columns",
            do="write it by: ksiqa table RUNS --show runs --format csv --output results.csv",
        )
    for place, row in enumerate(rows, start=2):
        values = {key: number(value) if is_number(key) else value for key, value in row.items() if value}
        settings = {key.removeprefix(SETTING): value for key, value in values.items() if key.startswith(SETTING)}
        results = {key: value for key, value in values.items() if not key.startswith(SETTING)}
        known = str(results.pop("recipe", None) or fingerprint(settings))
        yield Run(
            origin=f"{path}, row {place}",
            folder=None,
            predictions=None,
            results=results,
            settings=settings,
            recipe=known,
        )


def is_number(key: str) -> bool:
    """Tell whether a result is a figure or a count (and not, say, a commit that happens to be all digits)."""
    return "/" in key or key.removeprefix("trained.") in ("seed", "split.index", "train_n", "test_n", *LACKING)


def number(text: str) -> int | float:
    """Return a number as it was written, to the last digit."""
    return int(text) if text.removeprefix("-").isdigit() else float(text)
