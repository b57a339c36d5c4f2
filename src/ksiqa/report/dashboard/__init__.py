"""The dashboard: one HTML page of what a set of runs left behind, which opens from the disk without a network.

Rows of different kinds (see ``Kind``) never share a picture: the page shows one kind at a time. What the page holds is
bounded, whatever the runs are: ``PICTURES`` bytes of images, ``curves.MOST`` and ``clouds.MOST`` numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ksiqa.errors import ConfigError
from ksiqa.files import write_whole
from ksiqa.report.dashboard.clouds import clouds_of
from ksiqa.report.dashboard.curves import curves_of
from ksiqa.report.dashboard.figures import bars, boxes, swept
from ksiqa.report.dashboard.images import Images
from ksiqa.report.dashboard.tables import as_sections
from ksiqa.report.dashboard.worst import worst_of
from ksiqa.report.page.document import as_html, begun, held
from ksiqa.report.style import COLOURS
from ksiqa.report.table.differences import Drawing, differences
from ksiqa.report.table.groups import Group
from ksiqa.report.table.kinds import Kind
from ksiqa.report.table.sheet import Section
from ksiqa.report.table.summary import Row, by_kind, each_run, facts, rows_of, summary

HERE = Path(__file__).parent
SCRIPTS = ("plot", "explore", "recipes", "boxes", "curves", "scatter", "worst", "bars", "swept", "dashboard")
PICTURES = 3_000_000  # bytes of a page that thumbnails and quality maps take at most


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked for, as the command's options say it."""

    title: str
    scores: Sequence[str]  # keys of SCORES
    figures: Sequence[str]  # keys of FIGURES
    against: str | None  # name of the row that differences are taken to
    drawing: Drawing
    worst: int  # images a row
    maps: bool  # of the worst images


def write_dashboard(path: Path, groups: Sequence[Group], asked: Asked) -> list[str]:
    """Write the page and return notes on what it lacks.

    Raises:
        ConfigError: no row at all, or none of the name in ``asked.against``.
        StorageError: it cannot be written there.
    """
    kinds = by_kind(groups)
    rows = {kind: rows_of(members, scores=asked.scores) for kind, members in kinds}
    if not any(rows.values()):
        raise ConfigError(
            found=f"no row for --scores {' '.join(asked.scores)}",
            expected="runs that tested such a model",
            do="leave --scores out, or look what there is by ksiqa table RUNS --show runs",
        )
    compared = _compared(groups, asked)
    found = {kind: clouds_of(rows[kind]) for kind, _ in kinds}
    images = Images(budget=PICTURES)
    cards = {kind: worst_of(found[kind], count=asked.worst, maps=asked.maps, images=images) for kind, _ in kinds}
    images.fill([cloud for clouds in found.values() for cloud in clouds])
    with write_whole(path, "wb") as file:
        file.write(_head(kinds, compared, asked))
        file.write(held(images.held(), name="images"))
        for kind, _ in kinds:
            view = _view(kind, rows[kind], compared.get(kind), asked)
            view |= {"clouds": [cloud.held(images) for cloud in found[kind]], "worst": cards[kind]}
            file.write(held(view, name="kind"))
    return images.notes(full=True)


def _compared(groups: Sequence[Group], asked: Asked) -> dict[Kind, Section]:
    """Return the differences of each kind that has several rows, also where none of them can be paired."""
    found = differences(groups, scores=asked.scores, against=asked.against, drawing=asked.drawing)
    several = [one for one in found if one.rows or len(one.notes) > 1]
    return {kind: one for kind, _ in by_kind(groups) for one in several if one.facts == facts(kind)}


def _view(kind: Kind, rows: Sequence[Row], compared: Section | None, asked: Asked) -> dict[str, Any]:
    return {
        "title": kind.title,
        "label": kind.label or "label",
        "rows": [row.name for row in rows],
        "boxes": boxes(rows, figures=asked.figures),
        "curves": curves_of(rows),
        "bars": bars(rows, compared),
        "swept": swept(rows),
    }


def _head(kinds: Sequence[tuple[Kind, list[Group]]], compared: dict[Kind, Section], asked: Asked) -> bytes:
    parts: dict[str, list[Section | None]] = {"summaries": [], "differences": [], "runs": []}
    for kind, members in kinds:
        settings = {"scores": asked.scores, "figures": asked.figures}
        parts["summaries"] += summary(members, **settings)
        parts["differences"].append(compared.get(kind))
        parts["runs"] += each_run(members, **settings)
    return begun(
        HERE / "dashboard.html",
        title=asked.title,
        styles=[HERE / "dashboard.css"],
        scripts=[HERE / f"{name}.js" for name in SCRIPTS],
        more="\n".join(f".series-{place} {{ --series: {colour}; }}" for place, colour in enumerate(COLOURS)),
        kinds="".join(f'<option value="{at}">{as_html(kind.title)}</option>' for at, (kind, _) in enumerate(kinds)),
        **{name: as_sections(sections) for name, sections in parts.items()},
    )
