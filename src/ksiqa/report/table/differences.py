"""The table of paired differences: every row against one of them, over the parts that both were tested on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ksiqa.errors import ConfigError
from ksiqa.metric.comparison import Part, corrected_t, paired_bootstrap
from ksiqa.report.table.groups import SCORES, Group
from ksiqa.report.table.pairing import paired, split_srcc
from ksiqa.report.table.predictions import contents, oriented_labels, predictions
from ksiqa.report.table.sheet import Between, Cell, Chance, Section, Signed
from ksiqa.report.table.summary import Row, by_kind, facts, rows_of

EXPLAINED = "Mean paired difference in SRCC; corrected t: the test of Nadeau and Bengio, over training parts too."
DRAWN = "95% over {drawn}: bootstrap of the models as trained."


class Drawing(NamedTuple):
    """How the bootstrap draws."""

    unit: str  # image, or content: all images of a content together
    draws: int
    seed: int = 0


def differences(
    groups: Sequence[Group], *, scores: Sequence[str], against: str | None, drawing: Drawing
) -> list[Section]:
    """Return each row's paired difference to one row of its section.

    Args:
        groups: in order.
        scores: models of a run to compare.
        against: name of the row that the others are compared with; None takes the first of each section.
        drawing: of the bootstrap.

    Raises:
        ConfigError: no row of that name, or contents to be drawn that predictions do not name.
    """
    sections = []
    drawn = "images" if drawing.unit == "image" else "contents"
    for kind, members in by_kind(groups):
        rows = rows_of(members, scores=scores)
        base = next((row for row in rows if against in (None, row.name)), None)
        if base is None:
            continue
        found = [_compared(row, base, drawing) for row in rows if row != base]
        sections.append(
            Section(
                title=f"Paired differences, {kind.title}",
                facts=facts(kind),
                columns=["model", "against", "parts", "difference", f"95% over {drawn}", "95% corrected t", "p"],
                rows=[one for one in found if not isinstance(one, str)],
                notes=[f"{EXPLAINED} {DRAWN.format(drawn=drawn)}", *(one for one in found if isinstance(one, str))],
            )
        )
    if not sections:
        known = "; ".join(row.name for row in rows_of(groups, scores=scores))
        raise ConfigError(found=f"--against {against}", expected=f"one of {known}", do="name a row as the table does")
    return sections


def _compared(row: Row, base: Row, drawing: Drawing) -> list[Cell] | str:
    pairing = paired(row, base)
    if pairing.refused:
        return f"{row.name} and {base.name} are not paired: {pairing.refused}."
    by_split = [split_srcc(row, split) - split_srcc(base, split) for split in pairing.splits]
    runs = [run.results for split in pairing.splits for run in row.group.of_split(split)]
    ratio = sum(one["test_n"] for one in runs) / sum(one["train_n"] for one in runs)
    test = corrected_t(np.array(by_split), ratio=ratio) if len(by_split) > 1 else None
    parts = [_part(row, base, split, drawing.unit) for split in pairing.splits]
    whole = [part for part in parts if part is not None]
    drawn = None
    if len(whole) == len(parts):
        drawn = paired_bootstrap(numbered(whole), draws=drawing.draws, seed=drawing.seed)
    return [
        row.name,
        base.name,
        len(by_split),
        Signed(float(np.mean(by_split))),
        Between(drawn.low, drawn.high) if drawn else None,
        Between(test.low, test.high) if test else None,
        Chance(test.p) if test else None,
    ]


class _Named(NamedTuple):
    part: Part
    names: list[str]


def _part(row: Row, base: Row, split: tuple[int, ...], unit: str) -> _Named | None:
    """Return a split's scores, None where predictions were not kept."""
    found: list[list[pd.DataFrame]] = []
    for one in (row, base):
        tables = [predictions(run) for run in one.group.of_split(split)]
        kept = [table for table in tables if table is not None and SCORES[one.scores].column in table]
        if len(kept) < len(tables):
            return None
        found.append(kept)
    first, second = (
        np.stack([table[SCORES[one.scores].column].to_numpy(dtype=np.float64) for table in tables])
        for one, tables in zip((row, base), found, strict=True)
    )
    table = found[0][0]
    names = table["image"].tolist()
    if unit == "content":
        names = contents([*found[0], *found[1]], origin=row.group.of_split(split)[0].origin)
    return _Named(Part(oriented_labels(table), first, second, np.zeros(len(names), dtype=np.int64)), names)


def numbered(parts: Sequence[_Named]) -> list[Part]:
    """Return the parts with their units numbered from 0, the same unit alike in all of them."""
    units = {name: place for place, name in enumerate(sorted({name for part in parts for name in part.names}))}
    return [one.part._replace(unit=np.array([units[name] for name in one.names], dtype=np.int64)) for one in parts]
