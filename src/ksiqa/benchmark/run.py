"""A benchmark from its setting to its files."""

import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from ksiqa.benchmark.counts import best_rate, matmul
from ksiqa.benchmark.others import others
from ksiqa.benchmark.own_scoring import scorings
from ksiqa.benchmark.own_training import trainings
from ksiqa.benchmark.plot import drawn
from ksiqa.benchmark.results import printed, results
from ksiqa.benchmark.setting import Setting
from ksiqa.benchmark.stints import Contestant, take_turns
from ksiqa.console import open_console
from ksiqa.files import write_whole
from ksiqa.report.style import save
from ksiqa.training.quiet import quiet_lightning

WORKS: dict[str, Callable[[Setting], Iterator[Contestant]]] = {"training": trainings, "scoring": scorings}
RESULTS, TABLE, PLOT = "bench.json", "bench.csv", "bench"


def measured(setting: Setting) -> dict[str, Any]:
    """Measure all contestants; return what bench.json holds. The ceiling is measured before and after, and the better
    one taken."""
    quiet_lightning()
    step, flops = matmul(device=setting.device, dtype=setting.dtype)
    ceilings, done = [best_rate(step, flops, device=setting.device)], []
    for work, own in WORKS.items():
        contestants = [*own(setting), *others(setting, work=work)]
        with _calm():
            take_turns(contestants, rounds=setting.rounds, seconds=setting.seconds, device=setting.device)
        for one in contestants:
            one.stint = _over  # and the network with it
        done += contestants
    ceilings.append(best_rate(step, flops, device=setting.device))
    return results(setting, done, ceiling=max(ceilings))


def write(found: dict[str, Any], folder: Path) -> Sequence[Path]:
    """Print the tables, and write JSON and plot into a folder; return the files."""
    console = open_console()
    for work in WORKS:
        if any(row["work"] == work for row in found.get("rows", ())):
            console.print(printed(found, work))
    for row in found.get("startup", ()):
        console.print(f"{row['command']}: {row['median']:.2f} s", highlight=False)
    folder.mkdir(parents=True, exist_ok=True)
    with write_whole(folder / RESULTS) as file:
        json.dump(found, file, indent=1)
        file.write("\n")
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in found.get("rows", ())]
    pd.DataFrame(rows).to_csv(folder / TABLE, index=False, float_format="%.4g")
    return [folder / RESULTS, folder / TABLE, *(save(drawn(found), folder / PLOT) if found.get("rows") else ())]


def _over(steps: int) -> float:
    raise RuntimeError(f"{steps} steps of a contestant whose turns are over")


@contextmanager
def _calm() -> Iterator[None]:
    """Leave out what torch's compiler and the other models warn of: they are as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
