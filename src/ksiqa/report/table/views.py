"""The tables that there are, by name, made of the runs that paths name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ksiqa.errors import ConfigError
from ksiqa.report.table.breakdown import breakdown
from ksiqa.report.table.differences import Drawing, differences
from ksiqa.report.table.groups import Group, grouped, same_tests
from ksiqa.report.table.kept import kept
from ksiqa.report.table.papers import cross, papers
from ksiqa.report.table.runs import read_runs
from ksiqa.report.table.sheet import Section
from ksiqa.report.table.summary import each_run, summary


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked for, as the command's options say it."""

    show: Sequence[str]  # names of VIEWS
    form: str
    scores: Sequence[str]  # keys of SCORES
    figures: Sequence[str]  # keys of FIGURES
    keys: Sequence[str] | None  # settings that name rows
    against: str | None
    draw: str  # images or contents
    draws: int


VIEWS: dict[str, Callable[[Sequence[Group], Wanted], list[Section]]] = {
    "summary": lambda groups, wanted: summary(groups, scores=wanted.scores, figures=wanted.figures),
    "runs": lambda groups, wanted: (
        [kept(groups)] if wanted.form == "csv" else each_run(groups, scores=wanted.scores, figures=wanted.figures)
    ),
    "differences": lambda groups, wanted: differences(
        groups,
        scores=wanted.scores,
        against=wanted.against,
        drawing=Drawing(unit="content" if wanted.draw == "contents" else "image", draws=wanted.draws),
    ),
    "papers": lambda groups, wanted: papers(groups, scores=wanted.scores),
    "cross": lambda groups, wanted: cross(groups, scores=wanted.scores),
    "distortion": lambda groups, wanted: breakdown(groups, scores=wanted.scores, by="distortion"),
    "level": lambda groups, wanted: breakdown(groups, scores=wanted.scores, by="level"),
}


def read_groups(paths: Sequence[Path], *, keys: Sequence[str] | None, by_seed: bool) -> tuple[list[Group], list[str]]:
    """Return the rows that runs make, and notes on these; ``Raises`` as ``read_runs`` and ``grouped``."""
    found = read_runs(paths)
    groups = grouped(found.runs, keys=keys, by_seed=by_seed)
    return groups, [*found.notes, *(note for group in groups for note in same_tests(group))]


def tables(groups: Sequence[Group], wanted: Wanted) -> list[Section]:
    """Return the tables asked for.

    Raises:
        ConfigError: nothing to show, several tables as one CSV, or no row of the name in ``against``.
    """
    if wanted.form == "csv" and len(wanted.show) > 1:
        raise ConfigError(
            found=f"--show {' '.join(wanted.show)} --format csv",
            expected="one table a CSV",
            do="ask for one table at a time",
        )
    sections = [section for name in wanted.show for section in VIEWS[name](groups, wanted)]
    if not any(section.rows for section in sections):
        raise ConfigError(
            found=f"no row for --show {' '.join(wanted.show)} --scores {' '.join(wanted.scores)}",
            expected="runs that have what the table shows",
            do="look what there is by --show runs; differences want two rows, breakdowns run folders",
        )
    return sections
