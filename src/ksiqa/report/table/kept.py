"""What an experiment keeps of its runs: results.csv, which tables are made from as from the run folders themselves."""

from collections.abc import Sequence

from ksiqa.report.table.groups import Group
from ksiqa.report.table.labels import is_place
from ksiqa.report.table.run_files import SETTING
from ksiqa.report.table.sheet import Cell, Section

LOCAL = ("checkpoint", "directory", "repeat")  # results that name places on one machine


def kept(groups: Sequence[Group]) -> Section:
    """Return what results.csv keeps: a row a run, the keys of results.json as columns, and the settings that differ.
    Places on this machine are left out."""
    runs = [run for group in groups for run in group.runs]
    keys = {key for run in runs for key in run.settings if not is_place(key)}
    differing = sorted(key for key in keys if len({repr(run.settings.get(key)) for run in runs}) > 1)
    results = [
        key for key in dict.fromkeys(key for run in runs for key in run.results) if not (key in LOCAL or is_place(key))
    ]
    columns = [*(SETTING + key for key in differing), *results, "recipe"]
    rows: list[list[Cell]] = [
        [
            *(_written(run.settings.get(key)) for key in differing),
            *(_written(run.results.get(key)) for key in results),
            run.recipe,
        ]
        for run in runs
    ]
    return Section(title="", facts={}, columns=columns, rows=rows)


def _written(value: object) -> Cell:
    return value if value is None or isinstance(value, str | int | float) else str(value)
