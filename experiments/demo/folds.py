"""Covers every content of the demo once: five folds of contents, the shared student beside the ridge of the same run.

    python experiments/demo/folds.py [--variants joint none plain] [--seeds 0]

Writes results.csv beside this file (a row a run, with all runs of their folder) and prints the mean SRCC of each
variant, its mean paired gain over the ridge, and the gain's 95% bootstrap interval over contents (contents drawn with
replacement within each fold; SRCC over all of a fold's images; all from the runs' own predictions.csv).
"""

import argparse
import json
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
    rows, gains = [], {}
    for variant in options.variants:
        tables = []
        for seed in options.seeds:
            for fold in range(FOLDS):
                folder = options.runs / f"{variant}-{seed}-{fold}"
                rows.append({"variant": variant, "seed": seed, "fold": fold, **results(folder, variant, seed, fold)})
                tables.append(pd.read_csv(folder / "predictions.csv"))
        gains[variant] = paired_gain(tables)
    make_table([str(options.runs), "--show", "runs", "--format", "csv", "--output", str(HERE / "results.csv")])
    frame = pd.DataFrame(rows)
    for variant, (gain, low, high) in gains.items():
        mean = frame.loc[frame["variant"] == variant, ["ridge/srcc", "test/srcc"]].mean()
        print(f"{variant}: SRCC {mean['test/srcc']:.3f}, ridge {mean['ridge/srcc']:.3f}, gain {gain:+.3f}", end=" ")
        print(f"[{low:+.3f}, {high:+.3f}]")


def results(folder: Path, variant: str, seed: int, fold: int) -> dict[str, object]:
    """Return a fold's figures, trained now unless the folder has them."""
    if not (folder / "results.json").exists():
        overrides = [
            "+experiment=demo",
            f"variant={variant}",
            f"seed={seed}",
            "split.source=folds",
            f"split.index={fold}",
        ]
        overrides += [f"+resume={folder}"] if (folder / "config.yaml").exists() else []
        with initialize_config_dir(str(conf_folder()), version_base="1.3"):
            config = compose("train", [*overrides, "trainer.enable_progress_bar=false"])
        run(config, folder)
    found = json.loads((folder / "results.json").read_text())
    return {key: value for key, value in found.items() if key.startswith(("test/", "ridge/"))}


def paired_gain(tables: list[pd.DataFrame]) -> tuple[float, float, float]:
    """Return the mean gain in SRCC over the ridge and its 95% interval over contents."""
    rng = np.random.default_rng(0)

    def gain(drawn: list[pd.DataFrame]) -> float:
        label, ours, ridge = (pd.concat(drawn)[name].to_numpy() for name in ("label", "score", "ridge_score"))
        return srcc(ours, label) - srcc(ridge, label)

    by_content = [[part for _, part in table.groupby("reference")] for table in tables]
    draws = [
        np.mean([gain([fold[i] for i in rng.integers(len(fold), size=len(fold))]) for fold in by_content])
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(np.mean([gain(fold) for fold in by_content])), float(low), float(high)


if __name__ == "__main__":
    main()
