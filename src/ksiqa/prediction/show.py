"""Rows as a table on a terminal."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from ksiqa.console import open_console
from ksiqa.errors import printable
from ksiqa.prediction.rows import Row

TWO_SCORES = (
    "FR score: the teacher's, against the reference. NR score: the student's, without it. "
    "Each is on the scale that this part of the model learned, so that they may lie apart."
)


def show(rows: Sequence[Row]) -> None:
    """Print a table; columns that are empty of all rows are left out."""
    against = any("nr_score" in row for row in rows)
    columns = ["FR score", "NR score"] if against else ["score"]
    columns += ["raw score", "scale"]
    if any(row["low"] is not None for row in rows):
        columns.append("interval")
    if any(row["error"] for row in rows):
        columns.append("error")
    table = Table()
    table.add_column("image", overflow="fold")  # whole, to copy from
    for name in columns:
        table.add_column(name, justify="right" if "score" in name else "left", no_wrap=name == "interval")
    for row in rows:
        told = {"error": row["error"]}
        if not row["error"]:
            told |= {"raw score": f"{row['score_raw']:.2f}", "scale": row["scale"]}
            told["FR score" if against else "score"] = f"{row['score']:.4f}"
            told["NR score"] = "" if row.get("nr_score") is None else f"{row['nr_score']:.4f}"
            told["interval"] = "" if row["low"] is None else f"{row['low']:.2f} to {row['high']:.2f}"
        values = (row["image"], *(told.get(name, "") for name in columns))
        table.add_row(*(escape(printable(text)) for text in values))
    console = open_console()
    console.print(table)
    if any(row.get("nr_score") is not None for row in rows):
        console.print(TWO_SCORES, soft_wrap=True)
