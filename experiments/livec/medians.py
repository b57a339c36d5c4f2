"""Medians over the splits of each variant and part, and their spread, of the rows that are kept.

    python experiments/livec/medians.py

Reads results.csv beside this file and writes medians.csv: seeds are averaged within a split first. ``failed`` splits
have a logistic fit that did not converge: they stand in no median of PLCC fitted and RMSE. Whether a variant is better
than another is told by contrasts.py: splits overlap, and medians may differ by chance.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from contrasts import HERE, checked
from kept import FIGURES, rows
from unseen import write
from variants import PARTS

from ksiqa.metric.spread import spread


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the file and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=HERE)
    options = parser.parse_args(arguments)
    table = checked(rows(options.home))
    groups = ((part, name, one) for (part, name), one in table.groupby(["part", "variant"], sort=False))
    found = [medians(str(part), str(name), one) for part, name, one in groups]
    order = sorted(found, key=lambda row: (list(PARTS).index(row["part"]), -row["srcc"]))
    write(options.home, "medians.csv", pd.DataFrame(order))


def medians(part: str, variant: str, table: pd.DataFrame) -> dict[str, Any]:
    """Return a variant's row on one part."""
    of_split = table.groupby("split")
    means = of_split[FIGURES].agg(lambda values: values.mean(skipna=False))  # a failed fit stays one
    spreads = {name: spread([None if pd.isna(one) else float(one) for one in means[name]]) for name in FIGURES}
    srcc = spreads["test/srcc"]
    told = {"part": part, "variant": variant, "splits": srcc.splits, "seeds": of_split["seed"].nunique().min()}
    told |= {"train_n": int(table["train_n"].median()), "commits": table["commit"].nunique()}
    figures = {name.removeprefix("test/"): one.median for name, one in spreads.items()}
    least_to_most = {"srcc_low": srcc.low, "srcc_high": srcc.high, "srcc_deviation": srcc.deviation}
    return {**told, **figures, **least_to_most, "failed": spreads["test/plcc_fitted"].failed}


if __name__ == "__main__":
    main()
