"""Sections of tables as HTML."""

from collections.abc import Sequence

from ksiqa.report.page.document import as_html
from ksiqa.report.table.sheet import Cell, Section, text

LONG = 24  # characters of words that stand in one line


def as_sections(sections: Sequence[Section | None]) -> str:
    """Return tables as HTML, one a kind in the order of kinds; None is a kind without one."""
    return "\n".join(_one(section, place) for place, section in enumerate(sections) if section is not None)


def _one(section: Section, place: int) -> str:
    head = "".join(f'<th scope="col">{as_html(column)}</th>' for column in section.columns)
    rows = "\n".join(_row(row) for row in section.rows)
    notes = "".join(f"<p>{as_html(note)}</p>" for note in section.notes)
    title = as_html(section.title)
    body = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>" if rows else ""
    wide = f'<div class="wide" tabindex="0" role="region" aria-label="{title}"><table><caption>{title}</caption>{body}'
    return f'<div class="of-kind" data-kind="{place}">{wide}</table></div>{notes}</div>'


def _row(cells: Sequence[Cell]) -> str:
    first, *others = cells
    shown = (f"<td{_long(cell)}>{as_html(text(cell))}</td>" for cell in others)
    return f'<tr><th scope="row"{_long(first)}>{as_html(text(first))}</th>{"".join(shown)}</tr>'


def _long(cell: Cell) -> str:
    """Return the class of a cell of words, which may go on in the next line."""
    return ' class="long"' if isinstance(cell, str) and len(cell) > LONG else ""
