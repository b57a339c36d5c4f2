"""Do the intervals hold, everywhere, and do they say more than one width for all?

    python experiments/livec/measure.py … --variants intervals --parts folds
    python experiments/livec/calibration.py --livec ChallengeDB_release [--runs outputs/livec] [--device cuda]

Each run of the variant `intervals` has a validation part, whose errors make the intervals of its test part: `adaptive`
ones, the model's own, follow the image's doubt, `constant` ones are as wide everywhere, around the same score.
Forecasts for CRPS are a score with all errors of the validation part, scaled likewise. Writes calibration.csv (a row a
run) and calibration_tests.csv: mean coverage of 90% over parts, within thirds of MOS and of width, and paired
differences in Winkler's score and CRPS (adaptive - constant; below 0 is better) with the corrected t of Nadeau and
Bengio.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float
from kept import name_of
from numpy import ndarray
from unseen import write

import ksiqa
from ksiqa.data.datasets import DATASETS
from ksiqa.errors import ConfigError
from ksiqa.metric.comparison import corrected_t
from ksiqa.metric.forecast import crps, winkler
from ksiqa.metric.interval import half_width, residuals

COVERAGE = 0.9
KINDS = ("adaptive", "constant")


class Scored(NamedTuple):
    """A part of a split: scores, doubts and labels, all in [0, 1]."""

    score: Float[ndarray, " images"]
    doubt: Float[ndarray, " images"]
    label: Float[ndarray, " images"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--livec", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=Path("outputs/livec"))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--home", type=Path, default=Path(__file__).resolve().parent)
    options = parser.parse_args(arguments)
    frame = DATASETS["livec"].read(options.livec, allow_missing=True).frame
    known = frame.set_index(frame["image"].map(name_of))
    folders = [file.parent for file in sorted(options.runs.rglob("results.json")) if has_intervals(file)]
    if not folders:
        raise ConfigError(
            found=f"no run with a validation part and its model in {options.runs}",
            expected="runs of the variant intervals on folds",
            do="measure.py … --variants intervals --parts folds",
        )
    recipes = sorted({folder.parent.name for folder in folders})
    if len(recipes) > 1:
        raise ConfigError(
            found=f"runs of the recipes {', '.join(recipes)} in {options.runs}",
            expected="one recipe, whose parts are averaged",
            do="name a folder with the runs of one of them",
        )
    table = pd.DataFrame([calibrated(folder, known, device=options.device) for folder in folders])
    write(options.home, "calibration.csv", table)
    write(options.home, "calibration_tests.csv", tests(table))


def has_intervals(results: Path) -> bool:
    """Tell whether a run tested on LIVEC's folds, kept its model and has a validation part."""
    found = json.loads(results.read_text())
    on_folds = found["data"] == "livec" and found["split"]["source"] == "folds"
    return on_folds and found["validation_n"] > 0 and (results.parent / "model").is_dir()


def calibrated(folder: Path, known: pd.DataFrame, *, device: str) -> dict[str, object]:
    """Return a run's figures."""
    results = json.loads((folder / "results.json").read_text())
    scorer = ksiqa.load(folder / "model", device=device)
    names = ((folder / "split" / f"{part}.txt").read_text().splitlines() for part in ("validation", "test"))
    held, test = (scored(scorer, known.loc[one]) for one in names)
    errors = held.label - held.score
    half = {
        "adaptive": half_widths(residuals(held.score, held.label, held.doubt), test.doubt),
        "constant": half_widths(residuals(held.score, held.label), np.ones_like(test.doubt)),
    }
    forecast = {
        "adaptive": test.score[:, None] + test.doubt[:, None] * errors / held.doubt,
        "constant": test.score[:, None] + errors,
    }
    told = {"split": results["split"]["index"], "seed": results["seed"], "recipe": results["recipe"]}
    row: dict[str, object] = {**told, "train_n": results["train_n"], "test_n": results["test_n"]}
    for kind in KINDS:
        inside = np.abs(test.label - test.score) <= half[kind]
        low, high = test.score - half[kind], test.score + half[kind]
        row |= {f"coverage/{kind}": inside.mean()}
        row |= {f"coverage/{kind}/mos_{third}": share for third, share in by_thirds(inside, test.label)}
        row |= {f"winkler/{kind}": winkler(low, high, test.label, coverage=COVERAGE).mean()}
        row |= {f"crps/{kind}": crps(forecast[kind], test.label).mean(), f"width/{kind}": 2 * half[kind].mean()}
        if kind == "adaptive":
            row |= {f"coverage/{kind}/width_{third}": share for third, share in by_thirds(inside, half[kind])}
    return row


def half_widths(errors: Sequence[float], doubts: Float[ndarray, " images"]) -> Float[ndarray, " images"]:
    """Return the half width of each image's interval."""
    return np.array([half_width(errors, coverage=COVERAGE, doubt=float(doubt)) for doubt in doubts], dtype=np.float64)


def scored(scorer: ksiqa.Scorer, rows: pd.DataFrame) -> Scored:
    """Score images."""
    found = scorer.score([Path(file) for file in rows["image"]])
    score, doubt = (np.array([getattr(one, name) for one in found], dtype=np.float64) for name in ("score", "doubt"))
    return Scored(score, doubt, rows["score"].to_numpy(dtype=np.float64))


def by_thirds(inside: ndarray, values: ndarray) -> list[tuple[str, float]]:
    """Return the share inside within each third of the images by some value."""
    thirds = np.array_split(values.argsort(kind="stable"), 3)
    return [(name, float(inside[one].mean())) for name, one in zip(("low", "middle", "high"), thirds, strict=True)]


def tests(table: pd.DataFrame) -> pd.DataFrame:
    """Return means over parts (seeds averaged), and paired differences."""
    parts = table.groupby("split").mean(numeric_only=True)
    rows = [{"figure": name, "mean": parts[name].mean()} for name in parts if "coverage/" in name or "width/" in name]
    ratio = table["test_n"].sum() / table["train_n"].sum()
    for figure in ("winkler", "crps"):
        difference = (parts[f"{figure}/adaptive"] - parts[f"{figure}/constant"]).to_numpy()
        row = {"figure": f"{figure}: adaptive - constant", "mean": difference.mean()}
        if len(difference) > 1:
            tested = corrected_t(difference, ratio=ratio)
            row |= {"low": tested.low, "high": tested.high, "p": tested.p}
        rows.append(row)
    return pd.DataFrame(rows, columns=["figure", "mean", "low", "high", "p"])


if __name__ == "__main__":
    main()
