"""Rows as a table on a terminal."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from ksiqa.console import open_console
from ksiqa.errors import printable
from ksiqa.prediction.rows import Row


def show(rows: Sequence[Row]) -> None:
    """Print a table; columns that are empty of all rows are left out."""
    against = any("nr_score" in row for row in rows)
    columns = ["FR score", "NR score"] if against else ["score"]
    columns += ["raw score", "scale"]
    if any(row["low"] is not None for row in rows):
        columns.append("interval")
    table = Table()
    table.add_column("image", overflow="fold")  # whole, to copy from
    for name in [*columns, "error"]:
        table.add_column(name, justify="right" if "score" in name else "left")
    for row in rows:
        told = {"error": row["error"]}
        if not row["error"]:
            told |= {"raw score": f"{row['score_raw']:.2f}", "scale": row["scale"]}
            told["FR score" if against else "score"] = f"{row['score']:.4f}"
            told["NR score"] = "" if row.get("nr_score") is None else f"{row['nr_score']:.4f}"
            told["interval"] = "" if row["low"] is None else f"{row['low']:.2f} to {row['high']:.2f}"
        values = (row["image"], *(told.get(name, "") for name in [*columns, "error"]))
        table.add_row(*(escape(printable(text)) for text in values))
    open_console().print(table)
