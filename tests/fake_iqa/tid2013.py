"""A tiny TID2013: names in mixed case, CRLF, and files on disk in another case than the labels."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ksiqa.data.datasets.tid2013 import FACTS
from ksiqa.data.facts import Facts
from tests.fake_iqa.images import degraded, photograph, save


def write_tid2013(folder: Path, *, references: int = 5, on_disk: Callable[[str], str] = str) -> Facts:
    lines = []
    for place in range(1, references + 1):
        save(photograph(place), folder / "reference_images" / on_disk(f"I{place:02}.BMP"))
        for kind in (1, 11, 24):
            for level in range(1, 6):
                name = f"i{place:02}_{kind:02}_{level}.bmp"
                name = name.replace("i", "I") if (kind, level) == (1, 1) else name
                name = name.upper() if (kind, level) == (11, 1) else name
                strength = level / 5 - 0.02 * place
                save(degraded(photograph(place), strength, level), folder / "distorted_images" / on_disk(name))
                lines.append((f"{9 * (1 - strength):.5f}", name))
    text = "".join(f"{mos} {name}\r\n" for mos, name in lines)
    (folder / "mos_with_names.txt").write_text(text, newline="")
    (folder / "mos_std.txt").write_text("0.13013\r\n" * len(lines), newline="")
    return replace(FACTS, rows=len(lines), references=references)
