"""What came of it: rows for JSON, and the table that is printed."""

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import torch
from rich.box import SIMPLE
from rich.table import Table

from ksiqa.benchmark.others import TRUNK
from ksiqa.benchmark.setting import Setting
from ksiqa.benchmark.stints import Contestant, ratio
from ksiqa.processor import processor
from ksiqa.provenance import provenance

FORMAT = 1


def rows_of(contestants: Sequence[Contestant], *, ceiling: float) -> list[dict[str, Any]]:
    """Return a row a contestant.

    ``seconds`` are of a step, one a round; ``to_trunk`` is the ratio of its images a second to those of the bare trunk
    in the same mode (else in eager mode), the median over rounds; ``of_ceiling`` its operations a second over those of
    the matrix multiplication.

    Args:
        contestants: that have taken their turns.
        ceiling: operations a second.
    """
    return [_row(one, _trunk_beside(one, contestants), ceiling) for one in contestants]


def _row(one: Contestant, trunk: Contestant | None, ceiling: float) -> dict[str, Any]:
    rate = one.images_per_second
    share = None if one.flops is None else one.flops * rate / one.batch / ceiling
    return {
        **{name: getattr(one, name) for name in ("work", "name", "mode", "batch")},
        "images_per_second": rate,
        "to_trunk": None if trunk is None else ratio(one, trunk),
        "of_ceiling": share,
        "flops_an_image": None if one.flops is None else one.flops // one.batch,
        **({} if one.memory is None else {"memory_bytes": one.memory}),
        "steps_a_stint": one.steps,
        "seconds": list(one.seconds.values()),
    }


def _trunk_beside(one: Contestant, contestants: Sequence[Contestant]) -> Contestant | None:
    found = {
        other.mode: other
        for other in contestants
        if (other.name, other.work, other.batch) == (TRUNK, one.work, one.batch)
    }
    return found.get(one.mode, found.get("eager"))


def machine(setting: Setting) -> dict[str, Any]:
    """Return what the figures were measured on and with."""
    gpu = torch.cuda.get_device_name(setting.device) if setting.device.type == "cuda" else None
    return {
        "gpu": gpu,
        "cpu": processor(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def results(setting: Setting, contestants: Sequence[Contestant], *, ceiling: float) -> dict[str, Any]:
    """Return all that the JSON file holds."""
    names = ("backbone", "side", "rows", "columns", "precision", "rounds", "seconds")
    return {
        "format": FORMAT,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(setting),
        "setting": {name: getattr(setting, name) for name in names},
        "matmul_flops_per_second": ceiling,
        "rows": rows_of(contestants, ceiling=ceiling),
        **provenance(),
    }


def printed(found: Mapping[str, Any], work: str) -> Table:
    """Return the table of one kind of work."""
    setting = found["setting"]
    table = Table(title=f"{work}: {setting['backbone']}, {setting['precision']}", box=SIMPLE, title_justify="left")
    rows = [one for one in found["rows"] if one["work"] == work]
    memory = any("memory_bytes" in row for row in rows)
    for column in (
        "model",
        "mode",
        "batch",
        "images/s",
        "to trunk",
        "of matmul",
        "GFLOP",
        *(["MiB"] if memory else []),
    ):
        table.add_column(column, justify="left" if column in ("model", "mode") else "right", no_wrap=True)
    for row in rows:
        table.add_row(
            row["name"],
            row["mode"],
            str(row["batch"]),
            f"{row['images_per_second']:.3g}",
            _shown(row["to_trunk"], "{:.0%}"),
            _shown(row["of_ceiling"], "{:.0%}"),
            _shown(row["flops_an_image"], "{:.3g}", 1e9),
            *([_shown(row.get("memory_bytes"), "{:.0f}", 2**20)] if memory else []),
        )
    return table


def _shown(value: float | None, form: str, unit: float = 1) -> str:
    return "–" if value is None else form.format(value / unit)
