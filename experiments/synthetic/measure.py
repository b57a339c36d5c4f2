"""Measures the synthetic families on a folder of photographs: severity, speed, and what pseudo-scores make of them.

    python experiments/synthetic/measure.py --photographs FOLDER [--families NAME …] [--seed 0] [--processes 2]

Every family and level is rendered from every photograph and measured by the three measures behind pseudo-scores (SSIM,
GMSD, HaarPSI), by mean squared error, and by one that pseudo-scores never see (MDSI). A family is monotone on a
photograph if each level of more deviation is measured worse, or as bad. Of the two-sided families each side is looked
at on its own: more contrast and less are distortions of two kinds. Writes results.csv (a row a family: share of
photographs on which it is monotone, whether the mean over them is, milliseconds an image) and levels.csv (a row a
family and level: mean measures, pseudo-scores, and what KADID-10k's viewers said) beside this file, and prints the
figures of README.md.
"""

import argparse
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import piq
import torch
from rich.progress import track

from ksiqa.data.image_file import images_in, read_image
from ksiqa.data.synthetic.families import FAMILIES, LEVELS, distort, stable_seed
from ksiqa.data.synthetic.human_means import HIGH, LOW, shipped_means
from ksiqa.data.synthetic.measures import measures
from ksiqa.data.synthetic.pseudo_score import pseudo_scores
from ksiqa.metric.correlation import srcc

HERE = Path(__file__).resolve().parent
WORSE = {"mse": 1, "ssim": -1, "gmsd": 1, "haarpsi": -1, "mdsi": 1}  # the sign by which a measure rises with damage
SIDES = {"mean_shift": ((3, 2, 1), (3, 4, 5)), "contrast_change": ((3, 2, 1), (4, 5))}  # levels by deviation
SAME = 1e-6  # rounding of the measures


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=Path, required=True)
    parser.add_argument("--families", nargs="+", default=list(FAMILIES), help="others keep the rows that they have")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    files = images_in(options.photographs)
    with ProcessPoolExecutor(options.processes, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        parts = pool.map(partial(measured, families=options.families, seed=options.seed), files)
        frame = pd.DataFrame([row for part in track(parts, total=len(files)) for row in part])
    frame["pseudo_score"] = pseudo_scores(frame)
    means = shipped_means().assign(human=lambda rows: (rows["mean"] - LOW) / (HIGH - LOW))
    families = pd.DataFrame([of_family(name, rows) for name, rows in frame.groupby("family", sort=False)])
    levels = frame.groupby(["family", "level"], sort=False).agg(
        **{name: (name, "mean") for name in WORSE},
        pseudo_score=("pseudo_score", "mean"),
        pseudo_score_sd=("pseudo_score", "std"),
    )
    numbers = {name: family.number for name, family in FAMILIES.items()}
    levels = levels.reset_index().assign(type=lambda rows: rows["family"].map(numbers))
    human = means.assign(human_sd=means["spread"] / (HIGH - LOW))[["type", "level", "human", "human_sd"]]
    levels = levels.merge(human, on=["type", "level"], how="left").drop(columns="type")
    families, levels = kept(families, HERE / "results.csv"), kept(levels, HERE / "levels.csv")
    show(frame, families, levels)


def kept(rows: pd.DataFrame, file: Path) -> pd.DataFrame:
    """Write a table, with the rows that it has of other families, and return it."""
    old = pd.read_csv(file) if file.exists() else rows.iloc[:0]
    both = pd.concat([rows, old[~old["family"].isin(rows["family"])]])
    both = both.sort_values("family", key=lambda names: names.map(list(FAMILIES).index), kind="stable")
    both.to_csv(file, index=False, float_format="%.4f")
    return both


def measured(file: Path, *, families: list[str], seed: int) -> list[dict[str, object]]:
    """Return a row for each family and level of one photograph."""
    return list(_rows(file, families, seed))


def _rows(file: Path, families: list[str], seed: int) -> Iterator[dict[str, object]]:
    photograph = read_image(file)
    for name in families:
        for level in LEVELS:
            started = time.perf_counter()
            distorted = distort(photograph, family=name, level=level, seed=stable_seed(seed, file.stem))
            seconds = time.perf_counter() - started
            mdsi = float(piq.mdsi(_tensor(distorted), _tensor(photograph)))
            found = {**measures(photograph, distorted), "mdsi": mdsi, "milliseconds": 1000 * seconds}
            yield {"content": file.stem, "family": name, "level": level, **found}


def of_family(name: str, rows: pd.DataFrame) -> dict[str, object]:
    """Return how severity rises over a family's levels, on each photograph and on their mean."""
    row: dict[str, object] = {"family": name, "photographs": rows["content"].nunique()}
    for measure, sign in WORSE.items():
        table = sign * rows.pivot_table(index="content", columns="level", values=measure)
        rises = rising(table.to_numpy(), name)
        row[measure], row[f"{measure}_mean"] = rises.mean(), bool(rising(table.mean().to_numpy()[None], name)[0])
    return row | {"milliseconds": rows["milliseconds"].mean()}


def rising(damage: np.ndarray, family: str) -> np.ndarray:
    """Tell for each row of five levels whether more deviation is never less damage."""
    steps = [step for side in SIDES.get(family, (LEVELS,)) for step in pairwise(side)]
    return np.all([damage[:, low - 1] <= damage[:, high - 1] + SAME for low, high in steps], axis=0)


def show(frame: pd.DataFrame, families: pd.DataFrame, levels: pd.DataFrame) -> None:
    """Print the figures."""
    shares = families[list(WORSE)].to_numpy()
    whole = families[[f"{name}_mean" for name in WORSE]].to_numpy()
    for limit in (0.95, 0.9):
        enough = ((shares >= limit) & whole).sum(axis=1) >= 2
        print(
            f"monotone on the mean and on {limit:.0%} of photographs for two measures: {enough.sum()} of", len(enough)
        )
        print("  not:", ", ".join(families["family"][~enough]) or "none")
    rated = levels[levels["human"].notna() & (levels["mse"] > 0)]
    for name in WORSE:
        told = srcc((-WORSE[name] * rated[name]).to_numpy(), rated["human"].to_numpy())
        pseudo = srcc((-WORSE[name] * frame[name]).to_numpy(), frame["pseudo_score"].to_numpy())
        print(f"{name}: SRCC {told:.3f} with human means by (type, level), {pseudo:.3f} with pseudo-scores of images")
    off = (levels["pseudo_score"] - levels["human"]).abs()
    print(f"pseudo-scores' means beside human means: largest difference {off[levels['mse'] > 0].max():.3f}")
    print(f"rendering: {1000 / families['milliseconds'].mean():.0f} images/s a core")
    print(families.to_string(index=False, float_format=lambda value: f"{value:.3f}"))


def _tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255


if __name__ == "__main__":
    main()
