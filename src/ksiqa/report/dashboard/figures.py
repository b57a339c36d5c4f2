"""Figures over splits as the page draws them: boxes, bars of differences, and what differs between recipes."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ksiqa.report.plots.boxes import LEAST
from ksiqa.report.table.groups import SCORES
from ksiqa.report.table.labels import is_place, rank, shown
from ksiqa.report.table.sheet import Between, Section, Signed
from ksiqa.report.table.summary import FIGURES, Row

AXES = 8  # settings that are drawn side by side, at most
WIDE = 10  # largest by smallest, from which on a setting's axis is logarithmic


def rounded(value: float) -> float | None:
    """Return four digits of a number, which is what a picture shows; None of what is no number."""
    return float(f"{value:.4g}") if math.isfinite(value) else None


def boxes(rows: Sequence[Row], *, figures: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return for each figure (by its title) the rows that have it: each split's value (seeds averaged), and the
    extremes, quartiles and median where there are splits enough for a box."""
    found: dict[str, list[dict[str, Any]]] = {}
    for key in figures:
        for place, row in enumerate(rows):
            kept = row.group.by_split(SCORES[row.scores].prefix + key)
            splits = [split for split, value in zip(row.group.splits, kept, strict=True) if value is not None]
            values = [value for value in kept if value is not None]
            if values:
                one: dict[str, Any] = {"row": place, "median": rounded(float(np.median(values)))}
                one |= {"values": list(map(rounded, values)), "splits": ["/".join(map(str, split)) for split in splits]}
                if len(values) >= LEAST:
                    one["box"] = [rounded(float(value)) for value in np.quantile(values, (0, 0.25, 0.5, 0.75, 1))]
                found.setdefault(FIGURES[key], []).append(one)
    return found


def bars(rows: Sequence[Row], compared: Section | None) -> dict[str, Any] | None:
    """Return the rows' differences with their intervals as the table of differences has them; None without any."""
    if compared is None or not compared.rows:
        return None
    names = [row.name for row in rows]
    found = []
    for name, _, parts, difference, drawn, tested, _ in compared.rows:
        assert isinstance(difference, Signed)
        one: dict[str, Any] = {"row": names.index(str(name)), "parts": parts, "difference": rounded(difference.value)}
        for key, cell in (("drawn", drawn), ("tested", tested)):
            if isinstance(cell, Between):
                one[key] = [rounded(cell.low), rounded(cell.high)]
        found.append(one)
    return {"against": str(compared.rows[0][1]), "drawn": compared.columns[4], "bars": found}


def swept(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the settings that differ between the rows' recipes, as axes: numbers on a scale, anything else by name.

    A setting that parts the rows exactly as another does is named beside it and has no axis of its own. Rows whose
    settings are not at hand (``unknown``: the package's model, evaluated) have no values.
    """
    settings = [row.group.runs[0].settings for row in rows]
    unknown = [at for at, row in enumerate(rows) if row.group.runs[0].evaluated and not settings[at]]
    known = [at for at in range(len(rows)) if at not in unknown]
    keys = {key for one in settings for key in one if not is_place(key)}
    axes: dict[tuple[int, ...], dict[str, Any]] = {}
    for key in sorted(keys, key=rank):
        values = [settings[place].get(key) for place in known]
        order = list(dict.fromkeys(map(repr, values)))
        if len(order) < 2:
            continue
        parted = tuple(order.index(repr(value)) for value in values)
        if parted in axes:
            axes[parted]["alike"].append(key)
        else:
            axis = _axis(values)
            by_place = dict(zip(known, axis["values"], strict=True))
            axes[parted] = {"name": key, "alike": [], **axis, "values": [by_place.get(at) for at in range(len(rows))]}
    drawn, more = list(axes.values())[:AXES], list(axes.values())[AXES:]
    return {"axes": drawn, "more": [one["name"] for one in more], "unknown": unknown}


def _axis(values: Sequence[Any]) -> dict[str, Any]:
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        low, high = min(values), max(values)
        return {"scale": "log" if low > 0 and high / low >= WIDE else "linear", "values": list(values)}
    names = [
        "none" if value is None else str(value).lower() if isinstance(value, bool) else shown(value) for value in values
    ]
    return {"scale": "names", "values": names}
