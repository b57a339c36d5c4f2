"""A tiny SPAQ: the workbook in Annotations, photographs in TestImage."""

from dataclasses import replace
from pathlib import Path

import openpyxl

from ksiqa.data.datasets.spaq import FACTS, WORKBOOK
from ksiqa.data.facts import Facts
from tests.fake_iqa.images import degraded, photograph, save, strengths

TITLES = ("Image name", "MOS", "Brightness", "Colorfulness", "Contrast", "Noisiness", "Sharpness")


def write_spaq(folder: Path, *, rows: int = 24) -> Facts:
    book = openpyxl.Workbook()
    book.active.append(TITLES)
    for number, strength in enumerate(strengths(rows), start=1):
        mos = round(100 * (1 - strength), 2)
        book.active.append((f"{number:05}.jpg", mos, 50, 50, 50, mos, mos))
        save(degraded(photograph(number), strength, number), folder / "TestImage" / f"{number:05}.jpg")
    (folder / "Annotations").mkdir()
    book.save(folder / "Annotations" / WORKBOOK)
    return replace(FACTS, rows=rows)
