"""Plots of what tables hold: for each set and kind of rows a picture, as PNG and SVG."""

import re
from collections.abc import Sequence
from pathlib import Path

from ksiqa.report.plots.bars import distortion_bars
from ksiqa.report.plots.boxes import boxes_over_splits
from ksiqa.report.plots.clouds import prediction_clouds
from ksiqa.report.plots.curves import learning_curves
from ksiqa.report.style import save
from ksiqa.report.table.groups import Group
from ksiqa.report.table.summary import by_kind, rows_of

DRAWN = {
    "splits": boxes_over_splits,
    "scatter": prediction_clouds,
    "learning": learning_curves,
    "distortions": distortion_bars,
}


def write_plots(folder: Path, groups: Sequence[Group], *, scores: Sequence[str]) -> list[Path]:
    """Write each picture that the runs have numbers for into a folder; return the files.

    Rows of different kinds (see ``Kind``) never share a picture.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for kind, members in by_kind(groups):
        rows = rows_of(members, scores=scores)
        for name, draw in DRAWN.items():
            figure = draw(rows, title=kind.title)
            if figure is not None:
                words = re.sub(r"[^a-z0-9]+", "_", " ".join((kind.data, *kind.marks)).lower()).strip("_")
                written += save(figure, folder / f"{name}_{words}")
    return written
