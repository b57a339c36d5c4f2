"""The picture: images a second of each contestant, the bare trunk as a line."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ksiqa.benchmark.others import PEERS, TRUNK
from ksiqa.report.style import COLOURS, TEXT, headed, new_figure, styled

OWN, BARE, OTHER = COLOURS[0], COLOURS[6], COLOURS[1]


def drawn(found: Mapping[str, Any]) -> Figure:
    """Draw a panel for each kind of work and batch size, the fastest on top."""
    panels = sorted(
        {(row["work"], row["batch"]) for row in found["rows"]}, key=lambda one: (one[0] != "training", one[1])
    )
    most = max(sum((row["work"], row["batch"]) == panel for row in found["rows"]) for panel in panels)
    figure = new_figure(5.2 * len(panels), 1.9 + 0.34 * most)
    machine, setting = found["machine"], found["setting"]
    where = machine["gpu"] or f"{machine['cpu']}, threads: {machine['threads']}"
    headed(figure, f"{setting['backbone']}, {setting['precision']}, random weights, on {where}")
    for axes, (work, batch) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        size = (
            f"{setting['side']}x{setting['side']}" if work == "training" else f"{setting['columns']}x{setting['rows']}"
        )
        styled(axes, title=f"{work}, {size}, batch {batch}", x="images/s (a pair counts once)", y="")
        _bars(axes, [row for row in found["rows"] if (row["work"], row["batch"]) == (work, batch)])
    return figure


def _bars(axes: Axes, rows: list[Mapping[str, Any]]) -> None:
    rows = sorted(rows, key=lambda row: -row["images_per_second"])
    rates = [row["images_per_second"] for row in rows]
    colours = [BARE if row["name"] == TRUNK else OTHER if row["name"] in PEERS else OWN for row in rows]
    axes.barh(range(len(rows)), rates, color=colours, height=0.7)
    names = [row["name"] + ("" if row["mode"] == "eager" else f" ({row['mode']})") for row in rows]
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1.18 * max(rates))
    axes.grid(visible=False, axis="y")
    for place, rate in enumerate(rates):
        axes.annotate(f"{rate:.3g}", (rate, place), (4, 0), textcoords="offset points", va="center", color=TEXT)
