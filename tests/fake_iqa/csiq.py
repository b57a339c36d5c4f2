"""A tiny CSIQ: its workbook (header on row 4 from column D, an image called 1600) and its text list."""

from dataclasses import replace
from pathlib import Path

import openpyxl

from ksiqa.data.datasets.csiq import FACTS, TYPES
from ksiqa.data.facts import Facts
from tests.fake_iqa.images import degraded, photograph, save

NAMES = ("1600", "aerial_city", "sunsetcolor", "sunset_sparrow", "woman")


def write_csiq(folder: Path, *, workbook: str | None = "csiq.DMOS.xlsx", text: bool = True) -> Facts:
    rows = []
    for place, name in enumerate(NAMES):
        save(photograph(place), folder / "src_imgs" / f"{name}.png")
        for number, (kind, of_file) in enumerate(TYPES.items(), start=1):
            for level in range(1, 5 if kind == "contrast" else 6):
                strength = level / 5 - 0.02 * place
                file = folder / "dst_imgs" / of_file.lower() / f"{name}.{of_file}.{level}.png"
                save(degraded(photograph(place), strength, level), file)
                rows.append((name, number, kind, level, 0.1, strength, file.name))
    if workbook is not None:
        _write_workbook(folder / workbook, sorted(rows, key=lambda row: row[0]))
    if text:  # by distortion first, unlike the workbook, and sunsetcolor before sunset_sparrow
        ordered = sorted(rows, key=lambda row: row[1])
        (folder / "csiq_label.txt").write_text("".join(f"{row[6]} {row[5]:.6f}\n" for row in ordered))
    return replace(FACTS, rows=len(rows), references=len(NAMES))


def _write_workbook(path: Path, rows: list[tuple]) -> None:
    book = openpyxl.Workbook()
    book.active.title = "z_crit"
    book.active.cell(4, 4, "N")
    sheet = book.create_sheet("all_by_image")
    for column, title in enumerate(("image", "dst_idx", "dst_type", "dst_lev", "dmos_std", "dmos"), start=4):
        sheet.cell(4, column, title)
    for number, row in enumerate(rows, start=5):
        for column, value in enumerate(row[:6], start=4):
            sheet.cell(number, column, 1600 if value == "1600" else value)
    book.save(path)
