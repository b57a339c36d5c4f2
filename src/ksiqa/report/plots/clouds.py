"""Predictions against labels, a panel a row."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ksiqa.report.style import colour, headed, new_figure, styled
from ksiqa.report.table.groups import SCORES
from ksiqa.report.table.predictions import predictions
from ksiqa.report.table.summary import Row

ACROSS = 3  # panels side by side
SIDE = 3.2  # inches
MOST = 20_000  # points a panel; of more, every second, third, ... is drawn


def prediction_clouds(rows: Sequence[Row], *, title: str) -> Figure | None:
    """Draw the first seed's predictions of all splits; None where none were kept."""
    found = [(row, table) for row in rows if (table := _together(row)) is not None]
    if not found:
        return None
    across = min(ACROSS, len(found))
    down = -(-len(found) // across)
    figure = new_figure(SIDE * max(across, 2), SIDE * down + 0.6)
    panels = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for place, (row, table) in enumerate(found):
        column = "score_raw" if row.scores == "model" else SCORES[row.scores].column
        step = -(-len(table) // MOST)
        drawn = table.iloc[::step]
        styled(panels[place], title=fill(row.name, 30), x="prediction", y="label" if place % across == 0 else "")
        alpha = float(np.clip(12 / len(drawn) ** 0.5, 0.15, 0.8))  # dense sets stay readable
        panels[place].scatter(
            drawn[column], drawn["label"], s=10, alpha=alpha, color=colour(place), linewidths=0, rasterized=True
        )
    for panel in panels[len(found) :]:
        panel.set_visible(False)
    headed(figure, f"{title}: predictions of all splits")
    return figure


def _together(row: Row) -> pd.DataFrame | None:
    first = [row.group.of_split(split)[0] for split in row.group.splits]
    tables = [table for run in first if (table := predictions(run)) is not None]
    kept = [table for table in tables if SCORES[row.scores].column in table]
    return pd.concat(kept, ignore_index=True) if kept else None
