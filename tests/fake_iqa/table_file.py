"""A user's own table: a CSV with image, score and reference."""

from pathlib import Path

from tests.fake_iqa.images import degraded, photograph, save


def write_table(folder: Path, *, references: int = 6, levels: int = 4) -> Path:
    lines = ["picture,rating,original"]
    for place in range(references):
        save(photograph(place), folder / "originals" / f"{place}.png")
        for level in range(levels):
            strength = (level + 0.5) / levels
            name = f"shown/{place}_{level}.png"
            save(degraded(photograph(place), strength, level), folder / name)
            lines.append(f"{name},{10 * (1 - strength):.3f},originals/{place}.png")
    path = folder / "ratings.csv"
    path.write_text("\n".join(lines) + "\n")
    return path
