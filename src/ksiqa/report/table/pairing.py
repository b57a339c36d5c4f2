"""Which rows may be compared part by part."""

from typing import NamedTuple

import numpy as np

from ksiqa.report.table.groups import SCORES, mean
from ksiqa.report.table.predictions import predictions
from ksiqa.report.table.summary import Row


class Pairing(NamedTuple):
    """The splits of two rows that go together, or why they do not."""

    splits: list[tuple[int, ...]]
    refused: str = ""


def split_srcc(row: Row, split: tuple[int, ...]) -> float:
    """Return a split's SRCC, seeds averaged; NaN where a run has none."""
    found = mean([run.results.get(SCORES[row.scores].prefix + "srcc") for run in row.group.of_split(split)])
    return float("nan") if found is None else found


def paired(row: Row, base: Row) -> Pairing:
    """Return the splits that both were tested on, on the same images after training on as many."""
    splits = [split for split in row.group.splits if split in base.group.splits]
    if not splits:
        return Pairing([], "no split in common")
    if row.group.trained_on != base.group.trained_on:
        return Pairing([], f"trained on {row.group.trained_on} and on {base.group.trained_on}")
    for split in splits:
        runs, others = row.group.of_split(split), base.group.of_split(split)
        for key in ("train_n", "test_n", "split.source"):
            values = [sorted({str(run.results.get(key)) for run in these}) for these in (runs, others)]
            if None in [run.results.get(key) for run in (*runs, *others)]:
                return Pairing([], f"{key} not known")
            if values[0] != values[1]:
                return Pairing([], f"{key} {', '.join(values[0])} and {', '.join(values[1])}")
        if np.isnan(split_srcc(row, split) - split_srcc(base, split)):
            return Pairing([], f"no SRCC of both in split {split[-1]}")
        tables = [table for run in (*runs, *others) if (table := predictions(run)) is not None]
        if any(not tables[0][["image", "label"]].equals(table[["image", "label"]]) for table in tables):
            return Pairing([], f"other test images or labels in split {split[-1]}")
    return Pairing(splits)
