"""Learning curves as the page draws them: every figure of every run's metrics.csv."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ksiqa.report.dashboard.figures import rounded
from ksiqa.report.table.run import Run
from ksiqa.report.table.summary import Row

MOST = 150_000  # numbers of a kind's curves; of more, every second, third, ... epoch is drawn, the last always


def curves_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the runs, each with its row and the epochs that are drawn (counted over all phases, from 1), and for each
    figure the values by run, None where an epoch has none; of rows of a model that was trained, once a group."""
    tables: list[tuple[int, Run, pd.DataFrame]] = []
    seen: set[int] = set()
    for place, row in enumerate(rows):
        if id(row.group) not in seen:
            seen.add(id(row.group))
            tables += [(place, run, table) for run in row.group.runs if (table := _metrics(run)) is not None]
    step = max(1, -(-sum(table.size for _, _, table in tables) // MOST))
    runs, figures = [], dict[str, dict[str, list[float | None]]]()
    for at, (place, run, table) in enumerate(tables):
        drawn = table.iloc[::-1].iloc[::step].iloc[::-1]
        runs.append({"row": place, "name": run_name(run), "epochs": (drawn.index + 1).tolist()})
        for name in drawn.columns[drawn.notna().any()]:
            values = [rounded(value) for value in drawn[name].to_numpy(dtype=np.float64)]
            figures.setdefault(str(name), {})[str(at)] = values
    return {"runs": runs, "figures": figures, "step": step}


def run_name(run: Run) -> str:
    """Return which of its recipe's runs one is."""
    return f"split {'/'.join(map(str, run.split))}, seed {run.seed}"


def _metrics(run: Run) -> pd.DataFrame | None:
    file = None if run.folder is None else Path(run.folder) / "metrics.csv"
    if file is None or not file.is_file():
        return None
    try:
        table = pd.read_csv(file).drop(columns=["phase", "epoch"], errors="ignore")
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError):  # no file of ours: as if not kept
        return None
    return table.apply(pd.to_numeric, errors="coerce")
