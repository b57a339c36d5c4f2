"""Predictions against labels, as a picture."""

from pathlib import Path

from jaxtyping import Float
from numpy import ndarray

from ksiqa.metric.correlation import plcc, srcc
from ksiqa.report.style import GRID, TEXT, new_figure, save_png, styled

POINT, CURVE = "#2b6cb0", "#c2410c"


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
    figure = new_figure(6.0, 6.0)
    axes = figure.add_subplot()
    styled(axes, title=title, x=f"predicted {label_name}", y=label_name)
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
    save_png(figure, path)
