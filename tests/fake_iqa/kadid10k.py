"""A tiny KADID-10k: dmos.csv, whose dmos is better when higher and whose var is a standard deviation."""

from dataclasses import replace
from pathlib import Path

from ksiqa.data.datasets.kadid10k import FACTS
from ksiqa.data.facts import Facts
from tests.fake_iqa.images import degraded, photograph, save


def write_kadid10k(folder: Path, *, references: int = 5) -> Facts:
    lines = ["dist_img,ref_img,dmos,var"]
    for place in range(1, references + 1):
        reference = f"I{place:02}.png"
        save(photograph(place), folder / "images" / reference)
        for kind in (1, 25):
            for level in range(1, 6):
                name = f"I{place:02}_{kind:02}_{level:02}.png"
                strength = level / 5 - 0.02 * place
                save(degraded(photograph(place), strength, level), folder / "images" / name)
                lines.append(f"{name},{reference},{5 - 4 * strength:.2f},0.496")
    (folder / "dmos.csv").write_text("\n".join(lines) + "\n")
    return replace(FACTS, rows=len(lines) - 1, references=references)
