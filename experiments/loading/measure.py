"""Measures loading: samples a second of one core, from 1024x768 JPEG files and from their decoded images.

    python experiments/loading/measure.py PHOTOGRAPHS [--images 200] [--short-side 384]

The photographs, brought to 1024x768 and encoded with quality 90, stand for KonIQ-10k's. Both ways are measured in turn
in one run, several times; the ratio is what to look at.
"""

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from PIL import Image, ImageOps

from ksiqa.data.datasets.table_file import read_table
from ksiqa.data.image_cache import cache_folder, decoded_reader
from ksiqa.data.image_file import images_in
from ksiqa.data.image_index import ImageIndex
from ksiqa.data.image_pairs import Draw, ImagePairs
from ksiqa.data.image_source import FileImages, decoded
from ksiqa.data.look import look_over
from ksiqa.data.views import TrainingViews

ROUNDS, CROP = 5, 224


def main() -> None:
    """Write the images, decode them, load them in both ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--short-side", type=int, default=384)
    options = parser.parse_args()
    kept = []
    with TemporaryDirectory() as folder:
        table_of(options.photographs, Path(folder), count=options.images)
        for short_side in (options.short_side, None):
            rates = measured(Path(folder), short_side=short_side)
            ratios = sorted(fast / slow for slow, fast in zip(rates["files"], rates["decoded"], strict=True))
            told = ", ".join(f"{name} {max(one):.0f} images/s" for name, one in rates.items())
            middle = ratios[ROUNDS // 2]
            best = {name: round(max(one), 1) for name, one in rates.items()}
            spread = {"ratio": round(middle, 1), "least": round(ratios[0], 1), "most": round(ratios[-1], 1)}
            kept.append({"short_side": short_side or "none", **best, **spread})
            print(f"short_side={short_side}: {told}; ratio {middle:.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})")
    pd.DataFrame(kept).to_csv(Path(__file__).with_name("results.csv"), index=False)


def table_of(photographs: Path, folder: Path, *, count: int) -> None:
    """Write the JPEG files and their CSV."""
    lines = ["image,score"]
    for number, file in enumerate(images_in(photographs)[:count]):
        with Image.open(file) as image:
            ImageOps.fit(image.convert("RGB"), (1024, 768)).save(folder / f"{number}.jpg", quality=90)
        lines.append(f"{number}.jpg,{1 + number % 5}")
    (folder / "scores.csv").write_text("\n".join(lines) + "\n")


def measured(folder: Path, *, short_side: int | None) -> dict[str, list[float]]:
    """Return images a second, by way and round."""
    columns = {"image": "image", "score": "score", "reference": None, "content": None}
    scale = {"low": 1, "high": 5, "higher_is_better": True, "label": "MOS"}
    table = read_table(file=folder / "scores.csv", root=None, **columns, **scale)
    home = cache_folder(table.files, name=table.facts.name, short_side=short_side, cache=folder)
    look_over(
        table.files, index=ImageIndex(home), short_side=short_side, limit=2**34, workers=1, description="decoding"
    )
    ways = {"files": decoded, "decoded": decoded_reader(table, cache=folder, short_side=short_side)}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS):
        for name, read in ways.items():
            pairs = ImagePairs(
                source=FileImages(table, keep=False, read=read),
                rows=range(len(table)),
                views=TrainingViews(side=CROP, distinct=None),
                short_side=short_side,
                seed=0,
                with_reference=False,
            )
            started = time.perf_counter()
            for place in range(len(pairs)):
                pairs[Draw(place, number)]
            rates[name].append(len(pairs) / (time.perf_counter() - started))
    return rates


if __name__ == "__main__":
    main()
