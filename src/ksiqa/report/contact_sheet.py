"""Images side by side, as one picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxtyping import UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy import ndarray

from ksiqa.files import write_whole
from ksiqa.report.style import TEXT

SIDE = 2.2  # inches a tile; 220 pixels


class Tile(NamedTuple):
    """An image with two lines of text below it."""

    image: UInt8[ndarray, "height width 3"]
    label: str
    name: str


def contact_sheet(path: Path, *, title: str, rows: Mapping[str, Sequence[Tile]]) -> None:
    """Write a PNG of rows of images, each row under its name. The file appears whole or not at all."""
    columns = max(1, *(len(tiles) for tiles in rows.values()))
    figure = Figure(figsize=(SIDE * columns, (SIDE + 0.5) * len(rows) + 0.5), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)  # no pyplot: nothing global, no display
    figure.suptitle(title, color=TEXT, fontsize=14)
    for part, (name, tiles) in zip(figure.subfigures(len(rows), 1, squeeze=False)[:, 0], rows.items(), strict=True):
        part.suptitle(name, color=TEXT, fontsize=11)
        for place, axes in enumerate(part.subplots(1, columns, squeeze=False)[0]):
            axes.set_axis_off()
            if place < len(tiles):
                tile = tiles[place]
                axes.imshow(tile.image)
                text = f"{tile.label}\n{_shortened(tile.name)}"
                axes.text(0.5, -0.04, text, transform=axes.transAxes, ha="center", va="top", color=TEXT, fontsize=9)
    with write_whole(path, "wb") as file:
        canvas.print_figure(file, format="png")


def _shortened(name: str, *, longest: int = 30) -> str:
    return name if len(name) <= longest else f"{name[: longest - 9]}…{name[-8:]}"
