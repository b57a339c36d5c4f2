"""SRCC within each distortion, or each level of it: where a model is weak."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ksiqa.metric.correlation import is_constant, srcc
from ksiqa.metric.spread import Spread, spread
from ksiqa.report.table.groups import SCORES, Group, mean
from ksiqa.report.table.predictions import oriented_labels, predictions
from ksiqa.report.table.run import Run
from ksiqa.report.table.sheet import Cell, Middle, Section
from ksiqa.report.table.summary import Row, by_kind, facts, rows_of

LEAST = 3  # images: two are always in order or in reverse
LACKING = (
    "Runs without distortions and levels (an older predictions.csv, a set without them, results.csv) are left out."
)


def breakdown(groups: Sequence[Group], *, scores: Sequence[str], by: str) -> list[Section]:
    """Return the median over splits of SRCC within each value of ``distortion`` or ``level``, a column a row's model.

    Within a split, seeds are averaged; a split with fewer than three images of a value, or of one label, has none.
    """
    sections = []
    for kind, members in by_kind(groups):
        within = {row.name: within_values(row, by=by) for row in rows_of(members, scores=scores)}
        shown = {name: found for name, found in within.items() if found}
        if not shown:
            continue
        values = values_in_order(shown.values())
        rows: list[list[Cell]] = [
            [value, *(Middle(found[value]) if value in found else None for found in shown.values())] for value in values
        ]
        sections.append(
            Section(
                title=f"SRCC by {by}, {kind.title}",
                facts=facts(kind),
                columns=[by, *shown],
                rows=rows,
                notes=[] if len(shown) == len(within) else [LACKING],
            )
        )
    return sections


def values_in_order(found: Iterable[Mapping[str, Spread]]) -> list[str]:
    """Return all values that occur: numbers by size, then names."""
    return sorted({value for one in found for value in one}, key=_as_read)


def within_values(row: Row, *, by: str) -> dict[str, Spread]:
    """Return a row's SRCC over splits within each value of a column; empty where any of its runs has no such column."""
    runs = {run.origin: _of_run(run, by=by, column=SCORES[row.scores].column) for run in row.group.runs}
    if any(found is None for found in runs.values()):
        return {}
    values = sorted({value for found in runs.values() for value in found or {}})
    splits = [[runs[run.origin] or {} for run in row.group.of_split(split)] for split in row.group.splits]
    return {
        value: spread([figure for seeds in splits if (figure := mean([one.get(value) for one in seeds])) is not None])
        for value in values
    }


def _of_run(run: Run, *, by: str, column: str) -> dict[str, float | None] | None:
    table = predictions(run)
    if table is None or by not in table or column not in table:
        return None
    label, score = oriented_labels(table), table[column].to_numpy(dtype=np.float64)
    names = np.array(["" if value != value else _as_text(value) for value in table[by]])  # NaN: pristine
    found: dict[str, float | None] = {}
    for name in sorted(set(names) - {""}):
        rows = names == name
        enough = rows.sum() >= LEAST and not is_constant(label[rows])
        found[name] = srcc(score[rows], label[rows]) if enough else None
    return found


def _as_text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _as_read(value: str) -> tuple[float, str]:
    return (float(value), "") if value.replace(".", "", 1).isdigit() else (np.inf, value)
