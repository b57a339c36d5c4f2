"""Learning curves: what metrics.csv says of each epoch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ksiqa.report.style import colour, dash, headed, keyed, new_figure, styled
from ksiqa.report.table.groups import Group
from ksiqa.report.table.summary import Row

CURVES = {"train/loss": "training loss", "validation/srcc": "validation SRCC"}


def learning_curves(rows: Sequence[Row], *, title: str) -> Figure | None:
    """Draw the loss, and SRCC on the validation part where there is one: the mean over a row's runs as a line, their
    extremes as a band. Epochs are counted over all phases. None where no metrics.csv was kept."""
    groups = {row.group.name: row.group for row in rows if row.scores == "model"}
    found = {key: _of_all(groups, key) for key in CURVES}
    shown = {key: curves for key, curves in found.items() if curves}
    if not shown:
        return None
    figure = new_figure(max(7.0, 5.0 * len(shown)), 4.4)
    for axes, (key, curves) in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown.items(), strict=True):
        styled(axes, title=CURVES[key], x="epoch", y="")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for name, table in curves.items():
            _draw(axes, table, name=name, place=list(groups).index(name))
    headed(figure, title)
    keyed(figure)
    return figure


def _draw(axes: Axes, table: pd.DataFrame, *, name: str, place: int) -> None:
    epochs = table.index.to_numpy() + 1
    one = len(table) == 1
    line: dict[str, Any] = {
        "color": colour(place),
        "linestyle": dash(place),
        "label": name,
        "marker": "o" if one else None,
    }
    axes.plot(epochs, table.mean(axis=1).to_numpy(), linewidth=1.8, **line)
    if table.shape[1] > 1:
        low, high = table.min(axis=1).to_numpy(), table.max(axis=1).to_numpy()
        axes.fill_between(epochs, low, high, color=colour(place), alpha=0.12, linewidth=0)


def _of_all(groups: Mapping[str, Group], key: str) -> dict[str, pd.DataFrame]:
    """Return a row an epoch and a column a run, for each group that has them."""
    found = {}
    for name, group in groups.items():
        files = [run.folder / "metrics.csv" for run in group.runs if run.folder is not None]
        columns = [column for file in files if (column := _column(file, key)) is not None]
        if columns:
            found[name] = pd.concat(columns, axis=1)
    return found


def _column(file: Path, key: str) -> "pd.Series[float] | None":
    table = pd.read_csv(file) if file.is_file() else pd.DataFrame()
    return table[key] if key in table and table[key].notna().any() else None
