"""What is kept of runs: a row each in results.csv, and a column each of scores in predictions/VARIANT.csv.

Labels are not kept (they belong to the set's authors): contrasts read them from the set.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from ksiqa.errors import ConfigError
from ksiqa.files import one_at_a_time, write_whole
from ksiqa.processor import processor

KEY = ["variant", "part", "split", "seed", "recipe"]
FIGURES = ["test/srcc", "test/plcc", "test/plcc_fitted", "test/krcc", "test/rmse"]
OF_THE_SET = ["data", "label", "split.source", "split.index", "test_n", "test/teacher_srcc", "fr"]  # for ksiqa table
IMAGES = ["data_fingerprint", "pairs_fingerprint"]  # of LIVEC's labels and files, of the photographs
COLUMNS = [*KEY[:4], *FIGURES, "train_n", "recipe", "commit", "hardware", "seconds", *OF_THE_SET, *IMAGES]
RESULTS, PREDICTIONS = "results.csv", "predictions"
PLACES = 6  # of a score in [0, 1]


def rows(home: Path) -> pd.DataFrame:
    """Return the rows that are kept; figures of fits that failed are NaN."""
    file = home / RESULTS
    types = dict.fromkeys(["variant", "part", "recipe", "commit", *IMAGES], str)  # a commit may be all digits
    table = pd.read_csv(file, dtype=types) if file.exists() else pd.DataFrame(columns=COLUMNS)
    return table.reindex(columns=COLUMNS).assign(commit=lambda found: found["commit"].fillna(""))


def key_of(row: Mapping[Any, Any]) -> tuple[str, ...]:
    """Return what tells a row from all others."""
    return tuple(str(row[name]) for name in KEY)


def keep(home: Path, row: Mapping[str, Any], found: pd.Series | None) -> None:
    """Keep a run: its scores first, so that a row never stands without them; several processes may do so at once.

    Args:
        home: where results.csv lies.
        row: of results.csv.
        found: scores of the test part by image, as ``of_run`` or ``scores`` returns them; None keeps none.
    """
    file = home / RESULTS
    home.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(file):
        if found is not None:
            _keep_scores(home / PREDICTIONS / f"{row['variant']}.csv", found.rename(_column(row)))
        old = rows(home)
        others = old[[key_of(one) != key_of(row) for _, one in old.iterrows()]]
        whole = pd.DataFrame([*others.to_dict("records"), row], columns=COLUMNS)
        with write_whole(file) as opened:
            whole.sort_values(KEY, kind="stable").to_csv(opened, index=False, lineterminator="\n")


def twin(table: pd.DataFrame, key: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a row of the same recipe, split and seed under another name, if there is one: the same run."""
    same = table[[key_of(row)[1:] == key_of(key)[1:] for _, row in table.iterrows()]]
    return None if same.empty else {str(name): value for name, value in same.iloc[0].items()}


def of_run(folder: Path) -> pd.Series:
    """Return the scores that a run's folder has, by image."""
    table = pd.read_csv(folder / "predictions.csv", usecols=["image", "score"])
    return table["score"].set_axis(table["image"].map(name_of), axis=0).rename_axis("image")


def scores(home: Path, row: Mapping[Any, Any]) -> pd.Series:
    """Return a run's scores of its test part, by image.

    Raises:
        ConfigError: they were not kept.
    """
    file = home / PREDICTIONS / f"{row['variant']}.csv"
    table = _read(file) if file.exists() else pd.DataFrame()
    if _column(row) not in table:
        raise ConfigError(
            found=f"no scores of {_column(row)} in {file}",
            expected="a column for each row of results.csv",
            do="delete the row and measure it again",
        )
    return table[_column(row)].dropna()


def hardware() -> str:
    """Return on what a run is made: the GPU's name, or the processor's with the threads."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{processor()}, {torch.get_num_threads()} of {os.cpu_count()} cores"


def code(known: Mapping[str, Any]) -> str:
    """Return by which code something was made, as ``provenance`` and results.json tell it: the commit, with a plus if
    it was changed since; nothing outside a checkout."""
    return f"{known['commit'] or ''}{'+' if known['dirty'] else ''}"


def images(results: Mapping[str, Any]) -> dict[str, str]:
    """Return the start of the fingerprints that results.json has of a run's images."""
    (data,) = results["data_fingerprint"].values()
    found = dict(zip(IMAGES, (data, results.get("pairs_fingerprint", "")), strict=True))
    return {name: digest[:12] for name, digest in found.items()}


def name_of(image: object) -> str:
    """Return an image's name without its folder."""
    return Path(str(image)).name


def _column(row: Mapping[Any, Any]) -> str:
    return " ".join(key_of(row)[1:])


def _read(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, index_col="image")


def _keep_scores(file: Path, found: pd.Series) -> None:
    old = _read(file) if file.exists() else pd.DataFrame(index=pd.Index([], name="image"))
    whole = old.drop(columns=str(found.name), errors="ignore").join(found, how="outer")
    file.parent.mkdir(parents=True, exist_ok=True)
    with write_whole(file) as opened:
        whole.sort_index().to_csv(opened, float_format=f"%.{PLACES}f", lineterminator="\n")
