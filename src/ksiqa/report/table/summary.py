"""The tables over splits: a row a recipe, or a row a run."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from ksiqa.report.table.groups import SCORES, Group
from ksiqa.report.table.kinds import Kind
from ksiqa.report.table.run import Run
from ksiqa.report.table.sheet import Cell, Section

FIGURES = {  # in the order of the columns
    "srcc": "SRCC",
    "plcc": "PLCC raw",
    "plcc_fitted": "PLCC fitted",
    "krcc": "KRCC",
    "rmse": "RMSE",
    "outlier_ratio": "outlier ratio",
    "imagery_error": "imagery error",
    "identity_error": "identity error",
}
USUAL = ("srcc", "plcc", "plcc_fitted", "krcc", "rmse", "outlier_ratio")  # figures where none are asked for
BEST_ON_TEST = "best_on_test/srcc"


class Row(NamedTuple):
    """A group and which of the models that its runs test."""

    name: str
    group: Group
    scores: str  # a key of SCORES


def by_kind(groups: Iterable[Group]) -> list[tuple[Kind, list[Group]]]:
    """Return the groups that may stand in one table together, in the order of sets, unmarked ones first."""
    return [(kind, list(found)) for kind, found in groupby(groups, key=lambda group: group.kind)]


def rows_of(groups: Sequence[Group], *, scores: Sequence[str]) -> list[Row]:
    """Return each group with those of its models that are asked for and there; a ridge that is the same in all groups,
    whose frozen features are the same, stands once, at the end."""
    found = [(group, name) for group in groups for name in scores if group.has(f"{SCORES[name].prefix}srcc")]
    rows = [Row(": ".join(filter(None, (group.name, SCORES[name].title))), group, name) for group, name in found]
    ridges = [row for row in rows if row.scores == "ridge"]
    figures = {(*row.group.splits, *row.group.by_split("ridge/srcc")) for row in ridges}
    if len(ridges) > 1 and len(figures) == 1:
        return [row for row in rows if row not in ridges] + [ridges[0]._replace(name=SCORES["ridge"].title)]
    return rows


def summary(groups: Sequence[Group], *, scores: Sequence[str], figures: Sequence[str]) -> list[Section]:
    """Return a row a recipe: median, extremes and standard deviation over the splits."""
    sections = []
    for kind, members in by_kind(groups):
        rows = rows_of(members, scores=scores)
        keys = [key for key in figures if any(row.group.has(SCORES[row.scores].prefix + key) for row in rows)]
        selected = any(group.has(BEST_ON_TEST) for group in members)
        columns = ["model", "splits", "seeds", "train_n", *(FIGURES[key] for key in keys)]
        sections.append(
            Section(
                title=kind.title,
                facts=facts(kind),
                columns=[*columns, "best on test: SRCC"] if selected else columns,
                rows=[_summary_row(row, keys, selected=selected) for row in rows],
                notes=notes(members),
            )
        )
    return sections


def _summary_row(row: Row, keys: Sequence[str], *, selected: bool) -> list[Cell]:
    group, prefix = row.group, SCORES[row.scores].prefix
    cells: list[Cell] = [row.name, len(group.splits), len(group.seeds), group.extent("train_n")]
    cells += [group.over_splits(prefix + key) if group.has(prefix + key) else None for key in keys]
    if selected:
        cells.append(group.over_splits(BEST_ON_TEST) if row.scores == "model" else None)
    return cells


def each_run(groups: Sequence[Group], *, scores: Sequence[str], figures: Sequence[str]) -> list[Section]:
    """Return a row a run: each split with each seed."""
    columns = ["model", "split", "seed", "train_n", "test_n", *(FIGURES[key] for key in figures)]
    return [
        Section(
            title=kind.title,
            facts=facts(kind),
            columns=columns,
            rows=[
                [
                    row.name,
                    "/".join(map(str, run.split)),
                    run.seed,
                    run.results.get("train_n"),
                    run.results.get("test_n"),
                ]
                + [_figure(row, run, key) for key in figures]
                for row in rows_of(members, scores=scores)
                for run in row.group.runs
            ],
            notes=notes(members),
        )
        for kind, members in by_kind(groups)
    ]


def _figure(row: Row, run: Run, key: str) -> Cell:
    """Return a run's figure; "no fit" where it has none although runs like it have one."""
    key = SCORES[row.scores].prefix + key
    value = run.results.get(key)
    return "no fit" if value is None and row.group.has(key) else value


def facts(kind: Kind) -> dict[str, str]:
    """Return what CSV says of each row of a kind."""
    return {"data": kind.data, "label": kind.label, "marks": ", ".join(kind.marks)}


def notes(groups: Sequence[Group]) -> list[str]:
    """Return what a reader of these rows must know."""
    found = []
    for group in groups:
        commits = {run.results.get("commit") for run in group.runs}
        if len(commits) > 1:
            found.append(f"{group.name}: runs of {len(commits)} commits.")
        seeds = {tuple(run.seed for run in group.of_split(split)) for split in group.splits}
        if len(seeds) > 1:
            found.append(f"{group.name}: not every split has every seed.")
    return found
