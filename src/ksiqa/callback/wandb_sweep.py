"""A run of W&B that sums up a sweep: the medians of its runs' figures."""

from pathlib import Path
from typing import Any

from ksiqa.callback.wandb_run import WandbRun, group_name, run_id
from ksiqa.report.table.groups import SCORES, Group, grouped
from ksiqa.report.table.runs import read_runs

COLUMNS = ("srcc", "plcc", "plcc_fitted", "krcc", "rmse")  # of the table of runs


def log_medians(folder: Path, *, name: str, **logger: Any) -> list[str]:
    """Log a run for each recipe of a sweep, in the group of its runs: the median over splits of every test figure, the
    mean of a split's seeds counting as one. Return where they are.

    Args:
        folder: of the sweep.
        name: of the experiment.
        logger: what ``WandbRun`` takes.
    """
    places = []
    for group in grouped(read_runs([folder]).runs):
        run = WandbRun(save_dir=str(folder), **logger)
        first = group.runs[0]
        assert first.folder is not None  # runs that were read from folders
        run.begin(
            name=f"{name} {folder.name}: median of {group.name}",
            id_=f"{run_id(first.folder)}-median",
            group=group_name(name, sweep=folder.name, recipe=first.recipe),
            config={"data": group.kind.data, "splits": len(group.splits), "seeds": len(group.seeds), **first.settings},
            job_type="median",
        )
        run.log_metrics({"runs": _table(group)})
        run.run.summary.update(medians(group))
        places.append(run.place)
        run.end(status=0)
    return places


def medians(group: Group) -> dict[str, float]:
    """Return the median over splits of each test figure, by its key in results.json."""
    prefixes = tuple(one.prefix for one in SCORES.values())
    keys = sorted({key for run in group.runs for key in run.results if key.startswith(prefixes)})
    found = {key: group.over_splits(key).median for key in keys}
    return {key: value for key, value in found.items() if value is not None}


def _table(group: Group) -> Any:
    import wandb

    rows: list[Any] = [
        ["/".join(map(str, run.split)), run.seed, *(run.results.get(f"test/{key}") for key in COLUMNS)]
        for run in group.runs
    ]
    return wandb.Table(columns=["split", "seed", *COLUMNS], data=rows)
