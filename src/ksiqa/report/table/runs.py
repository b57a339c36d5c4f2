"""The runs that a table is made from: run folders, wherever they lie, and kept results.csv files."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ksiqa.errors import ConfigError
from ksiqa.report.table.run import Run
from ksiqa.report.table.run_files import of_file, of_folder, results_of


class Found(NamedTuple):
    """Runs, and what else was found that is none."""

    runs: list[Run]
    notes: list[str]


def read_runs(paths: Sequence[Path]) -> Found:
    """Read run folders, at any depth, and results.csv files; a folder that is named twice counts once. A folder in
    which no run is stands for the results.csv in it.

    Raises:
        ConfigError: a path that is not there, no run at all, or a results.csv without a column it needs.
    """
    runs: dict[str, Run] = {}
    unfinished: list[Path] = []
    for path in paths:
        folders = sorted({file.parent for name in ("results.json", "config.yaml") for file in path.rglob(name)})
        for folder in folders:
            found = of_folder(folder)
            runs |= {f"{folder.resolve()} {run.results['data']}": run for run in found}
            if not found and _was_cut_off(folder):
                unfinished.append(folder)
        kept = path / "results.csv" if path.is_dir() and not folders else path
        if kept.is_file() and kept.suffix == ".csv":
            runs |= {run.origin: run for run in of_file(kept)}
        elif not path.is_dir():
            raise _nothing(f"{path}, which is neither a folder nor a results.csv")
    if not runs:
        raise _nothing(f"no finished run in {', '.join(map(str, paths)) or 'nothing'} ({len(unfinished)} unfinished)")
    left_out = "1 unfinished run is" if len(unfinished) == 1 else f"{len(unfinished)} unfinished runs are"
    notes = [f"{left_out} left out, first {unfinished[0]}"] if unfinished else []
    return Found(list(runs.values()), notes)


def _nothing(found: str) -> ConfigError:
    return ConfigError(
        found=found,
        expected="folders of runs (with results.json), at any depth, or a kept results.csv, or its folder",
        do="name the folder that ksiqa train wrote to, such as outputs/NAME",
    )


def _was_cut_off(folder: Path) -> bool:
    """Tell whether a training began in a folder and did not end; a start that failed before it is no run."""
    return (folder / "checkpoints").is_dir() and results_of(folder) is None
