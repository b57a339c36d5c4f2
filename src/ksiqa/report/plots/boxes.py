"""A box a row over its splits, each split a point."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ksiqa.report.style import TEXT, colour, headed, new_figure, styled
from ksiqa.report.table.groups import SCORES
from ksiqa.report.table.summary import Row

LEAST = 5  # splits for a box: of fewer, quartiles say nothing that the points do not
SPREAD = 0.5  # share of a row's height over which its points are spread


def boxes_over_splits(rows: Sequence[Row], *, title: str) -> Figure | None:
    """Draw SRCC: median, quartiles, extremes, and each split's value (seeds averaged); None without a figure."""
    values = {row.name: _values(row) for row in rows}
    values = {name: found for name, found in values.items() if found}
    if not values:
        return None
    figure = new_figure(8, 1.6 + 0.5 * len(values))
    axes = figure.add_subplot()
    splits = max(len(found) for found in values.values())
    headed(figure, title)
    styled(axes, title="", x=f"SRCC on the test part ({splits} split{'s' if splits > 1 else ''})", y="")
    for place, found in enumerate(values.values()):
        if len(found) >= LEAST:
            _box(axes, found, place)
        offsets = np.linspace(-SPREAD / 2, SPREAD / 2, len(found)) if len(found) >= LEAST else np.zeros(len(found))
        axes.scatter(found, place + offsets, s=16, color=colour(place), linewidths=0, zorder=3)
    axes.set_yticks(range(len(values)), [fill(name, 40) for name in values])
    axes.set_ylim(len(values) - 0.5, -0.5)  # the first row on top
    return figure


def _box(axes: Axes, values: Sequence[float], place: int) -> None:
    line = {"color": TEXT}
    drawn = axes.boxplot(
        [values],
        positions=[place],
        orientation="horizontal",
        widths=0.6,
        whis=(0, 100),
        showfliers=False,
        patch_artist=True,
        medianprops={**line, "linewidth": 2},
        whiskerprops=line,
        capprops=line,
    )
    drawn["boxes"][0].set(facecolor=colour(place), alpha=0.35, edgecolor=TEXT)


def _values(row: Row) -> list[float]:
    return [value for value in row.group.by_split(f"{SCORES[row.scores].prefix}srcc") if value is not None]
