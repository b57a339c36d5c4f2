"""The tables of papers: a row a method, a column a set, published numbers beside measured ones.

``published.csv`` is the one place of published numbers: method, FR or NR, set of the training, set of the test, SRCC,
PLCC, kind of split, whether its authors select on the test part, and where the number was read. KSIQA's own numbers
are not public.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ksiqa.report.table.groups import SCORES, Group
from ksiqa.report.table.kinds import OFFICIAL, set_order, set_title
from ksiqa.report.table.sheet import Both, Cell, Section
from ksiqa.report.table.summary import Row, notes, rows_of

PUBLISHED = Path(__file__).with_name("published.csv")
OURS = "this project"
EXPLAINED = (
    "SRCC/PLCC, medians; PLCC of this project after the logistic. Published numbers come from other splits; "
    "their sources are in published.csv."
)


class Entry(NamedTuple):
    """One number pair: a method, tested on a set."""

    method: str
    trained_on: str
    tested_on: str
    marks: tuple[str, ...]
    cell: Both
    source: str
    label: str = ""


def published() -> list[Entry]:
    """Return the published numbers, in the order of the file."""
    table = pd.read_csv(PUBLISHED)
    return [
        Entry(
            method=row["method"] + (" (FR)" if row["kind"] == "FR" and "FR" not in row["method"] else ""),
            trained_on=row["trained_on"],
            tested_on=row["set"],
            marks=(OFFICIAL,) if row["split"] == "official" else (),
            cell=Both(row["srcc"], None if pd.isna(row["plcc"]) else row["plcc"]),
            source="published, best on test" if row["selection"] == "best on test" else "published",
        )
        for row in table.to_dict("records")
    ]


def measured(groups: Sequence[Group], *, scores: Sequence[str]) -> list[Entry]:
    """Return a number pair a row and set of this project."""
    return [_measured(row) for row in rows_of(groups, scores=scores)]


def _measured(row: Row) -> Entry:
    prefix = SCORES[row.scores].prefix
    srcc, plcc = (row.group.over_splits(prefix + key) for key in ("srcc", "plcc_fitted"))
    kind = row.group.kind
    cell = Both(srcc.median, plcc.median, plcc.failed)
    return Entry(row.name, row.group.trained_on, kind.data, kind.marks, cell, OURS, kind.label)


def papers(groups: Sequence[Group], *, scores: Sequence[str]) -> list[Section]:
    """Return methods by sets, each trained and tested on one set; published numbers stand beside unmarked rows, and
    those of official splits beside others of official splits."""
    ours = [entry for entry in measured(groups, scores=scores) if entry.trained_on == entry.tested_on]
    theirs = [entry for entry in published() if entry.trained_on == entry.tested_on]
    return _sections(theirs, ours, groups, across=False)


def cross(groups: Sequence[Group], *, scores: Sequence[str]) -> list[Section]:
    """Return methods and the set of their training by the sets of their tests."""
    ours = measured(groups, scores=scores)
    theirs = [entry for entry in published() if entry.trained_on != entry.tested_on]
    return _sections(theirs, ours, groups, across=True)


def _sections(
    theirs: Sequence[Entry], ours: Sequence[Entry], groups: Sequence[Group], *, across: bool
) -> list[Section]:
    marks = sorted({(), *(entry.marks for entry in ours)})
    sections = []
    for one in marks:
        entries = [entry for entry in (*theirs, *ours) if entry.marks == one]
        if not entries:
            continue
        sets = sorted({entry.tested_on for entry in entries}, key=set_order)
        rows: dict[tuple[str, str, str], dict[str, Cell]] = defaultdict(dict)
        for entry in entries:
            key = (entry.method, set_title(entry.trained_on) if across else "", entry.source)
            rows[key][entry.tested_on] = entry.cell
        between = "across databases" if across else "within databases"
        marked = f"; marked: {', '.join(one)}" if one else ""
        sections.append(
            Section(
                title=f"SRCC/PLCC {between}{marked}",
                facts={"marks": ", ".join(one)},
                columns=["method", *(["trained on"] if across else []), *map(set_title, sets), "source"],
                rows=[
                    [method, *([trained] if across else []), *(found.get(name) for name in sets), source]
                    for (method, trained, source), found in rows.items()
                ],
                notes=[EXPLAINED, *notes([group for group in groups if group.kind.marks == one])],
            )
        )
    return sections
