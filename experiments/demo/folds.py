"""Covers every content of the demo once: five folds of contents, the shared student beside the ridge of the same run.

    python experiments/demo/folds.py [--variants joint none plain] [--seeds 0]

Writes results.csv beside this file (a row a run, with all runs of their folder). Prints for each variant the mean
SRCC of the folds, the ridge's, and the gain; then the gain in SRCC over all contents together (each scored by the
fold that did not train on it) with its 95% bootstrap interval over contents, and all from the runs' own
predictions.csv.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from hydra import compose, initialize_config_dir

from ksiqa.command import conf_folder
from ksiqa.metric.correlation import srcc
from ksiqa.table import main as make_table
from ksiqa.training.run import run

HERE = Path(__file__).resolve().parent
FOLDS, DRAWS = 5, 2000


def main() -> None:
    """Run what is missing and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", nargs="+", default=["joint", "none", "plain"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--runs", type=Path, default=Path("outputs/demo-folds"))
    options = parser.parse_args()
    for variant in options.variants:
        rows, tables = [], []
        for seed in options.seeds:
            folders = [options.runs / f"{variant}-{seed}-{fold}" for fold in range(FOLDS)]
            rows += [results(folder, variant, seed, fold) for fold, folder in enumerate(folders)]
            tables.append(pd.concat([pd.read_csv(folder / "predictions.csv") for folder in folders]))
        mean = pd.DataFrame(rows)[["ridge/srcc", "test/srcc"]].mean()
        gain, low, high = gain_by_content(tables)
        print(f"{variant}: mean SRCC {mean['test/srcc']:.3f}, ridge {mean['ridge/srcc']:.3f}", end=", ")
        print(f"gain {mean['test/srcc'] - mean['ridge/srcc']:+.3f}; all contents together {gain:+.3f}", end=" ")
        print(f"[{low:+.3f}, {high:+.3f}]")
    make_table([str(options.runs), "--show", "runs", "--format", "csv", "--output", str(HERE / "results.csv")])


def results(folder: Path, variant: str, seed: int, fold: int) -> dict[str, object]:
    """Return a fold's figures, trained now unless the folder has them; one of another config is refused."""
    overrides = ["+experiment=demo", f"variant={variant}", f"seed={seed}", "split.source=folds", f"split.index={fold}"]
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        found = run(compose("train", [*overrides, "trainer.enable_progress_bar=false"]), folder)
    assert found is not None  # one process trains
    return {key: value for key, value in found.items() if key.startswith(("test/", "ridge/"))}


def gain_by_content(tables: list[pd.DataFrame]) -> tuple[float, float, float]:
    """Return the gain in SRCC over the ridge on all contents together, mean over seeds, and its 95% interval."""
    seeds = [dict(list(table.groupby("reference"))) for table in tables]
    contents = sorted(seeds[0])
    rng = np.random.default_rng(0)

    def gain(drawn: list[str]) -> float:
        return float(np.mean([_gain(pd.concat([seed[content] for content in drawn])) for seed in seeds]))

    draws = [gain(list(rng.choice(contents, size=len(contents)))) for _ in range(DRAWS)]
    low, high = np.quantile(draws, [0.025, 0.975])
    return gain(contents), float(low), float(high)


def _gain(rows: pd.DataFrame) -> float:
    label, ours, ridge = (rows[name].to_numpy() for name in ("label", "score", "ridge_score"))
    return srcc(ours, label) - srcc(ridge, label)


if __name__ == "__main__":
    main()
