"""What ``+sweep=cross_database`` leaves: one table of all sets trained on and tested on."""

import csv
import json
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from rich.table import Table

from ksiqa.console import open_console
from ksiqa.files import write_whole

COLUMNS = ("trained", "tested", "n", "srcc", "plcc", "plcc_fitted", "krcc", "rmse", "same_photographs", "seed")


class CrossTable(Callback):
    """Called by Hydra after the last job of the sweep."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Write cross_database.csv, a row a pair of sets, and print it as a table."""
        del kwargs
        folder = Path(config.hydra.sweep.dir)
        rows = cross_rows([json.loads(file.read_text()) for file in sorted(folder.glob("*/results.json"))])
        with write_whole(folder / "cross_database.csv") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        console = open_console()
        console.print(cross_table(rows))
        console.print(f"table: {folder / 'cross_database.csv'}", soft_wrap=True)


def cross_rows(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each set trained on and each other one tested on."""
    rows = []
    for one in results:
        tested = [key.split("/")[1] for key in one if key.startswith("cross/") and key.endswith("/n")]
        for name in tested:
            figures = {key: one.get(f"cross/{name}/{key}") for key in COLUMNS[2:-1]}
            rows.append({"trained": one["data"], "tested": name, **figures, "seed": one["seed"]})
    return rows


def cross_table(rows: list[dict[str, Any]]) -> Table:
    """Return SRCC / PLCC after the fit, a line a set trained on, a column a set tested on."""
    table = Table(title="cross-database: SRCC / PLCC after the fit")
    if any(row["same_photographs"] for row in rows):
        table.caption = "*: the photographs were trained on, in the other set"
    names = sorted({row[key] for row in rows for key in ("trained", "tested")})
    for name in ("trained on", *names):
        table.add_column(name, justify="left" if name == "trained on" else "right")
    for trained, seed in sorted({(row["trained"], row["seed"]) for row in rows}):
        cells = {row["tested"]: row for row in rows if (row["trained"], row["seed"]) == (trained, seed)}
        table.add_row(trained, *(_cell(cells.get(name)) for name in names))
    return table


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    fitted = "no fit" if row["plcc_fitted"] is None else f"{row['plcc_fitted']:.3f}"
    return f"{row['srcc']:.3f} / {fitted}" + ("*" if row["same_photographs"] else "")
