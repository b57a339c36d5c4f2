"""Predictions against labels, as a picture."""

from pathlib import Path

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy import ndarray

from ksiqa.metric.correlation import plcc, srcc

POINT, CURVE, GRID, TEXT = "#2b6cb0", "#c2410c", "#e5e7eb", "#374151"


def scatter_plot(
    path: Path,
    *,
    score_raw: Float[ndarray, " rows"],
    label_raw: Float[ndarray, " rows"],
    fit_line: tuple[Float[ndarray, " points"], Float[ndarray, " points"]] | None,
    title: str,
    label_name: str,
) -> None:
    """Write a PNG: predictions on the set's own scale (x), labels (y), the fitted curve, SRCC and PLCC.

    ``fit_line`` is the curve's x and y; None says in the picture that the fit did not converge. The file
    appears whole or not at all.
    """
    figure = Figure(figsize=(6.0, 6.0), dpi=150, layout="constrained")
    canvas = FigureCanvasAgg(figure)  # no pyplot: nothing global, no display
    axes = figure.add_subplot()
    _style(axes, title=title, label_name=label_name)
    alpha = min(0.8, max(0.15, 12 / len(score_raw) ** 0.5))  # dense sets stay readable
    axes.scatter(score_raw, label_raw, s=18, color=POINT, alpha=alpha, linewidths=0, rasterized=True)
    figures = f"SRCC {srcc(score_raw, label_raw):.3f}\nPLCC {plcc(score_raw, label_raw):.3f}"
    if fit_line is None:
        figures += "\nlogistic fit did not converge"
    else:
        axes.plot(*fit_line, color=CURVE, linewidth=2, label="fitted logistic")
        axes.legend(loc="lower right", frameon=False, labelcolor=TEXT)
    axes.text(
        0.04, 0.96, figures + f"\nn = {len(score_raw)}", transform=axes.transAxes, va="top", color=TEXT,
        bbox={"facecolor": "white", "edgecolor": GRID, "boxstyle": "round,pad=0.5", "alpha": 0.9},
    )  # fmt: skip
    part = path.with_name(f".{path.name}.part")
    try:
        canvas.print_figure(part, format="png")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _style(axes: Axes, *, title: str, label_name: str) -> None:
    axes.set_title(title, color=TEXT, fontsize=13, pad=12)
    axes.set_xlabel(f"predicted {label_name}", color=TEXT)
    axes.set_ylabel(label_name, color=TEXT)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=TEXT, length=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GRID)
