"""Images side by side, as one picture: the lowest and the highest scored of a set."""

from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxtyping import UInt8
from matplotlib.figure import Figure
from numpy import ndarray

from ksiqa.data.image_source import ImageSource
from ksiqa.report.style import TEXT, save_png

SHOWN = 6  # images at either end of the scale
SIDE = 2.2  # inches a tile; 220 pixels
TEXTS = 0.7  # inches of text above and below a row of tiles


class Tile(NamedTuple):
    """An image with two lines of text below it."""

    image: UInt8[ndarray, "height width 3"]
    label: str
    name: str


def extremes_sheet(source: ImageSource, file: Path, *, leave_out: Container[int]) -> None:
    """Write the picture of the lowest and the highest scored images, without the rows to leave out."""
    facts, frame = source.table.facts, source.table.frame
    order = [row for row in source.table.scores.argsort(kind="stable").tolist() if row not in leave_out]

    def tiles(rows: list[int]) -> list[Tile]:
        labels, names = frame["raw"].iloc[rows], frame["image"].iloc[rows]
        return [
            Tile(source.load(row).distorted, f"{facts.label} {label:.4g}", Path(name).name)
            for row, label, name in zip(rows, labels, names, strict=True)
        ]

    file.parent.mkdir(parents=True, exist_ok=True)
    lowest, highest = order[:SHOWN], order[SHOWN:][-SHOWN:][::-1]  # of a tiny set, none in both
    contact_sheet(file, title=facts.title, rows={"lowest scores": tiles(lowest), "highest scores": tiles(highest)})


def contact_sheet(path: Path, *, title: str, rows: Mapping[str, Sequence[Tile]]) -> None:
    """Write a PNG of rows of images, each row under its name. The file appears whole or not at all."""
    columns = max(1, *(len(tiles) for tiles in rows.values()))
    figure = Figure(figsize=(SIDE * columns, (SIDE + TEXTS) * len(rows) + 0.5), dpi=100, layout="constrained")
    figure.suptitle(title, color=TEXT, fontsize=14)
    for part, (name, tiles) in zip(figure.subfigures(len(rows), 1, squeeze=False)[:, 0], rows.items(), strict=True):
        part.suptitle(name, color=TEXT, fontsize=11)
        for place, axes in enumerate(part.subplots(1, columns, squeeze=False)[0]):
            axes.set(xticks=[], yticks=[])
            axes.set_frame_on(False)
            if place < len(tiles):
                tile = tiles[place]
                axes.imshow(tile.image)
                axes.set_xlabel(f"{tile.label}\n{_shortened(tile.name)}", color=TEXT, fontsize=9)
    save_png(figure, path)


def _shortened(name: str, *, longest: int = 26) -> str:
    return name if len(name) <= longest else f"{name[: longest - 9]}…{name[-8:]}"
