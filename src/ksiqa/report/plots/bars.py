"""Bars of SRCC within each distortion."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ksiqa.report.style import COLOURS, TEXT, colour, headed, keyed, new_figure, styled
from ksiqa.report.table.breakdown import values_in_order, within_values
from ksiqa.report.table.summary import Row

HATCHES = ("", "//", "..", "xx")  # beyond seven rows, colours come again with another hatch


def distortion_bars(rows: Sequence[Row], *, title: str) -> Figure | None:
    """Draw the median over splits, a group of bars a distortion and a bar a row; None without distortions."""
    within = {row.name: within_values(row, by="distortion") for row in rows}
    found = {name: values for name, values in within.items() if values}
    if not found:
        return None
    distortions = values_in_order(found.values())
    figure = new_figure(8, 1.8 + len(distortions) * (0.25 + 0.16 * len(found)))
    axes = figure.add_subplot()
    headed(figure, title)
    styled(axes, title="", x="SRCC within the distortion, median over splits", y="")
    height = 0.8 / len(found)
    for place, (name, values) in enumerate(found.items()):
        medians = [values[one].median if one in values else None for one in distortions]
        where = np.arange(len(distortions)) + (place - (len(found) - 1) / 2) * height
        lengths = [np.nan if median is None else median for median in medians]
        hatch = HATCHES[place // len(COLOURS) % len(HATCHES)]
        axes.barh(where, lengths, height=0.9 * height, color=colour(place), hatch=hatch, label=name)
    axes.set_yticks(range(len(distortions)), distortions)
    axes.set_ylim(len(distortions) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.axvline(0, color=TEXT, linewidth=0.8)
    keyed(figure)
    return figure
