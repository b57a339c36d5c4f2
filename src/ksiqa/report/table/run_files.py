"""What a run's folder and a row of a kept results.csv say of a run."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ksiqa.errors import ConfigError
from ksiqa.files import at_home
from ksiqa.recipe import fingerprint, flat, recipe
from ksiqa.report.table.run import LACKING, Run

SETTING = "config."  # begins the columns of results.csv that are settings of the recipe
NEEDED = ("test/srcc", "data", "label", "split.source", "split.index", "seed", "train_n", "test_n")  # of results.csv
OF_THE_SET = ("n", "test_n", "label", "same_photographs", *LACKING)
"""What is said of a set tested across databases, beside its figures."""


def of_folder(folder: Path) -> list[Run]:
    """Return the tests of a run's folder; none where its results are not there or not whole.

    Raises:
        ConfigError: it does not say how the model was trained.
    """
    results = results_of(folder)
    if results is None:
        return []
    config_file = folder / "config.yaml"
    if not config_file.exists() and "checkpoint" in results:  # an evaluation
        model = at_home(str(results["checkpoint"]))
        if model.is_absolute() or "directory" not in results:  # of older versions relative paths, too
            config_file = model.parent / "config.yaml"
    config = yaml.safe_load(config_file.read_text()) if config_file.exists() else {}
    for key in ("seed", "train_n", "recipe"):
        results.setdefault(key, results.get(f"trained.{key}"))
    if results["seed"] is None:
        raise ConfigError(
            found=f"{folder / 'results.json'} without a seed, of an older version's evaluation",
            expected="what it was trained by: seed, split, recipe",
            do="evaluate the model again, or leave the folder out",
        )
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


def results_of(folder: Path) -> dict[str, Any] | None:
    """Return a run's results with dotted keys; None where they are not there or not whole."""
    try:
        return flat(json.loads((folder / "results.json").read_text()))
    except (FileNotFoundError, ValueError):
        return None


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


def of_file(path: Path) -> Iterator[Run]:
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
