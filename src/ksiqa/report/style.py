"""What all pictures share: colours, axes, and files that appear whole and are the same for the same numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.text import Text

from ksiqa.files import write_whole

GRID, TEXT = "#e5e7eb", "#374151"
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
"""Colours that the colour-blind tell apart (Okabe and Ito, Color universal design, 2008, without its yellow)."""
DASHES = ("-", "--", ":", "-.")  # beyond seven rows, colours come again with another line


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure; no pyplot: nothing global, no display."""
    return Figure(figsize=(width, height), dpi=150, layout="constrained")


def headed(figure: Figure, title: str) -> None:
    """Put a title over the whole figure, in several lines where it is long."""
    figure.suptitle(fill(title, int(9 * figure.get_figwidth())), color=TEXT, fontsize=12)


def keyed(figure: Figure) -> None:
    """Put one legend below the whole figure, in as many columns as fit."""
    handles, names = figure.axes[0].get_legend_handles_labels()
    columns = int(10 * figure.get_figwidth() / (max(map(len, names)) + 8))
    figure.legend(handles, names, loc="outside lower center", ncols=max(1, columns), frameon=False, labelcolor=TEXT)


def styled(axes: Axes, *, title: str, x: str, y: str) -> None:
    """Give axes their titles, a light grid and no frame at the top and on the right."""
    axes.set_title(title, color=TEXT, fontsize=12, pad=10)
    axes.set_xlabel(x, color=TEXT)
    axes.set_ylabel(y, color=TEXT)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=TEXT, length=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GRID)


def colour(place: int) -> str:
    """Return the colour of the row at a place."""
    return COLOURS[place % len(COLOURS)]


def dash(place: int) -> str:
    """Return the line of the row at a place."""
    return DASHES[place // len(COLOURS) % len(DASHES)]


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as PNG and as SVG, each whole or not at all; return the two paths."""
    png, svg = (stem.with_name(f"{stem.name}.{ending}") for ending in ("png", "svg"))
    save_png(figure, png)
    with _drawn_alike(figure), write_whole(svg, "wb") as file:
        FigureCanvasSVG(figure).print_figure(file, format="svg", metadata={"Date": None})
    return [png, svg]


def save_png(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all."""
    with _drawn_alike(figure), write_whole(path, "wb") as file:
        FigureCanvasAgg(figure).print_figure(file, format="png")


@contextmanager
def _drawn_alike(figure: Figure) -> Iterator[None]:
    """Have texts drawn as they are (names of files have dollars, which begin no formula), and an SVG's ids not at
    random."""
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
    with rc_context({"text.parse_math": False, "svg.hashsalt": "ksiqa"}):  # labels of ticks are made in drawing
        yield
