"""Bars of SRCC within each distortion."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ksiqa.metric.spread import Spread
from ksiqa.report.style import COLOURS, TEXT, colour, headed, keyed, new_figure, styled
from ksiqa.report.table.breakdown import values_in_order, within_values
from ksiqa.report.table.summary import Row

HATCHES = ("", "//", "..", "xx")  # beyond seven rows, colours come again with another hatch
DOWN = 9  # distortions below one another; more go on in the next panel


def distortion_bars(rows: Sequence[Row], *, title: str) -> Figure | None:
    """Draw the median over splits, a group of bars a distortion and a bar a row; None without distortions."""
    within = {row.name: within_values(row, by="distortion") for row in rows}
    found = {name: values for name, values in within.items() if values}
    if not found:
        return None
    distortions = values_in_order(found.values())
    across = -(-len(distortions) // DOWN)
    down = -(-len(distortions) // across)
    figure = new_figure(max(8, 5 * across), 1.8 + down * (0.25 + 0.15 * len(found)))
    headed(figure, f"{title}: SRCC within each distortion, median over splits")
    panels = figure.subplots(1, across, squeeze=False, sharex=True)[0]
    for place, axes in enumerate(panels):
        styled(axes, title="", x="SRCC", y="")
        _draw(axes, found, distortions[place * down : (place + 1) * down], down=down)
    keyed(figure)
    return figure


def _draw(axes: Axes, found: Mapping[str, Mapping[str, Spread]], distortions: Sequence[str], *, down: int) -> None:
    height = 0.8 / len(found)
    for place, (name, values) in enumerate(found.items()):
        medians = [values[one].median if one in values else None for one in distortions]
        where = np.arange(len(distortions)) + (place - (len(found) - 1) / 2) * height
        lengths = [np.nan if median is None else median for median in medians]
        hatch = HATCHES[place // len(COLOURS) % len(HATCHES)]
        axes.barh(
            where,
            lengths,
            height=0.9 * height,
            color=colour(place),
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
            label=name,
        )
    axes.set_yticks(range(len(distortions)), distortions)
    axes.set_ylim(down - 0.5, -0.5)  # the first on top; bars as high in all panels
    axes.grid(visible=False, axis="y")
    axes.axvline(0, color=TEXT, linewidth=0.8)
