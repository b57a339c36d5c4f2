"""A table before it has a format: sections of rows that may be compared with one another, and what a cell holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ksiqa.metric.spread import Spread


class Signed(NamedTuple):
    """A difference, shown with its sign."""

    value: float


class Between(NamedTuple):
    """An interval of differences."""

    low: float
    high: float


class Chance(NamedTuple):
    """A p value; none is shown as zero."""

    p: float


class Both(NamedTuple):
    """SRCC and PLCC (after the logistic) in one cell, as papers print them."""

    srcc: float | None
    plcc: float | None
    failed: int = 0  # splits without a fit


class Middle(NamedTuple):
    """A spread of which only the median is shown; CSV has all of it."""

    spread: Spread


Plain = str | int | float | None
Cell = str | int | float | None | Spread | Signed | Between | Chance | Both | Middle


@dataclass(frozen=True, kw_only=True)
class Section:
    """Rows under one title; rows of different sections are not to be compared."""

    title: str
    facts: dict[str, str]  # what the title says, as columns for CSV
    columns: Sequence[str]
    rows: list[list[Cell]]
    notes: list[str] = field(default_factory=list)


def text(cell: Cell) -> str:
    """Return a cell for people."""
    if cell is None:
        return "–"
    if isinstance(cell, Signed):
        return signed(cell.value)
    if isinstance(cell, Between):
        return f"[{signed(cell.low)}, {signed(cell.high)}]"
    if isinstance(cell, Chance):
        return "<.001" if cell.p < 0.0005 else number(cell.p)
    if isinstance(cell, Both):
        return _both(cell)
    if isinstance(cell, Middle):
        return _spread(cell.spread, short=True)
    if isinstance(cell, Spread):
        return _spread(cell, short=False)
    return number(cell) if isinstance(cell, float) else str(cell)


def number(value: float) -> str:
    """Return three decimals without the leading zero, as papers print correlations; two of 1 and more."""
    short = f"{value:.3f}"
    return f"{value:.2f}" if abs(float(short)) >= 1 else short.replace("0.", ".", 1)


def signed(value: float) -> str:
    """Return a difference with its sign; what rounds to zero has none."""
    short = number(value)
    return ".000" if short in (".000", "-.000") else short if value < 0 else f"+{short}"


def _both(cell: Both) -> str:
    if cell.srcc is None:
        return "–"
    fitted = "no fit" if cell.plcc is None and cell.failed else "–" if cell.plcc is None else number(cell.plcc)
    return f"{number(cell.srcc)}/{fitted}" + _failed(cell.failed if cell.plcc is not None else 0)


def _spread(cell: Spread, *, short: bool) -> str:
    if cell.median is None:
        return "no fit" if cell.failed else "–"
    shown = number(cell.median)
    if not short and cell.low is not None and cell.high is not None and cell.deviation is not None:
        shown += f" ({number(cell.low)} to {number(cell.high)}, sd {number(cell.deviation)})"
    return shown + _failed(cell.failed)


def _failed(count: int) -> str:
    return f", {count} no fit" if count else ""


def plain(column: str, cell: Cell) -> dict[str, Plain]:
    """Return a cell as columns of numbers for CSV."""
    if isinstance(cell, Middle):
        return plain(column, cell.spread)
    if isinstance(cell, Spread):
        names = ("median", "min", "max", "sd", "splits", "no fit")
        return {f"{column} {name}": value for name, value in zip(names, cell, strict=True)}
    if isinstance(cell, Between):
        return {f"{column} low": cell.low, f"{column} high": cell.high}
    if isinstance(cell, Both):
        return {f"{column} SRCC": cell.srcc, f"{column} PLCC": cell.plcc, f"{column} no fit": cell.failed}
    return {column: cell[0] if isinstance(cell, Signed | Chance) else cell}
