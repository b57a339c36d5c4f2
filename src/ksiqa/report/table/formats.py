"""Sections as text: for the terminal, as CSV, Markdown or LaTeX. The same sections give the same text."""

import csv
import io
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ksiqa.console import WIDE
from ksiqa.errors import choice
from ksiqa.report.table.sheet import Plain, Section, plain, text

LATEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{"–": "--", "<": "$<$", ">": "$>$"},
}


def render(sections: Sequence[Section], *, form: str, width: int | None = None) -> str:
    """Return the sections in a format.

    Args:
        sections: in order.
        form: ``table`` (for a terminal), ``csv``, ``markdown`` or ``latex``.
        width: of the terminal, in characters; None is as wide as the table.

    Raises:
        ConfigError: no such format.
    """
    choice(form, allowed=("table", "csv", "markdown", "latex"), name="--format")
    if form == "csv":
        return _csv(sections)
    if form == "table":
        return "\n".join(_terminal(section, width=width or WIDE) for section in sections)
    return "\n".join((_markdown if form == "markdown" else _latex)(section) for section in sections)


def _csv(sections: Sequence[Section]) -> str:
    rows: list[dict[str, Plain]] = [
        dict[str, Plain](section.facts)
        | {
            name: v
            for column, cell in zip(section.columns, row, strict=True)
            for name, v in plain(column, cell).items()
        }
        for section in sections
        for row in section.rows
    ]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _terminal(section: Section, *, width: int) -> str:
    table = Table(box=box.SIMPLE_HEAD)
    for place, column in enumerate(section.columns):
        table.add_column(escape(column), justify="left" if place == 0 else "right", overflow="fold")
    for row in section.rows:
        table.add_row(*(escape(text(cell)) for cell in row))
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=False, color_system=None)
    console.print(escape(section.title), soft_wrap=True, highlight=False)
    console.print(table)
    for note in section.notes:
        console.print(escape(note), soft_wrap=True, highlight=False)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _markdown(section: Section) -> str:
    rule = ["---", *["---:"] * (len(section.columns) - 1)]
    rows = [section.columns, rule, *([text(cell) for cell in row] for row in section.rows)]
    lines = ["| " + " | ".join(one.replace("|", "\\|") for one in row) + " |" for row in rows]
    notes = [f"\n{note}" for note in section.notes]
    return "\n".join([f"**{section.title}**", "", *lines, *notes]) + "\n"


def _latex(section: Section) -> str:
    """A booktabs table."""
    rows = [" & ".join(_escaped(text(cell)) for cell in row) + r" \\" for row in section.rows]
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_escaped(section.title)}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(section.columns) - 1)}}}",
        r"\toprule",
        " & ".join(_escaped(column) for column in section.columns) + r" \\",
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\par {_escaped(note)}" for note in section.notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _escaped(words: str) -> str:
    return "".join(LATEX.get(sign, sign) for sign in words)
