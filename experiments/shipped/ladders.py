"""How a model's scores fall as a photograph gets worse, step by step: a ladder for each photograph and kind of damage.

    python experiments/shipped/ladders.py --photographs FOLDER [--model DIR]

The photographs are pristine and strange to the model. A ladder is monotone where each rung scores lower than the one
before. Writes ladders.csv (a row a kind) beside this file and prints it. AVIF is no training distortion.
"""

import argparse
import csv
from collections.abc import Callable, Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter
from rich.progress import track

import ksiqa

HERE = Path(__file__).resolve().parent
QUALITIES = (90, 75, 60, 45, 30, 20, 10)
Rung = Callable[[Image.Image, float], Image.Image]


def codec(name: str, *, setting: str, **settings: Any) -> Rung:
    """Return what encodes and decodes at a strength, handed over as ``setting``."""

    def through(image: Image.Image, strength: float) -> Image.Image:
        stream = BytesIO()
        value = [strength] if setting == "quality_layers" else strength
        image.save(stream, format=name, **{setting: value}, **settings)
        return Image.open(stream).convert("RGB")

    return through


def blur(image: Image.Image, strength: float) -> Image.Image:
    """Blur by a Gaussian of that many pixels."""
    return image.filter(ImageFilter.GaussianBlur(strength))


def noise(image: Image.Image, strength: float) -> Image.Image:
    """Add white noise of that standard deviation, in grey levels; the same pattern at each strength."""
    pattern = np.random.default_rng(0).standard_normal((*image.size[::-1], 3))
    return Image.fromarray(np.clip(np.asarray(image) + strength * pattern, 0, 255).round().astype(np.uint8))


LADDERS: dict[str, tuple[Rung, Sequence[float]]] = {
    "jpeg": (codec("JPEG", setting="quality"), QUALITIES),
    "webp": (codec("WEBP", setting="quality"), QUALITIES),
    "avif": (codec("AVIF", setting="quality"), QUALITIES),
    "jpeg2000": (codec("JPEG2000", setting="quality_layers", quality_mode="rates"), (10, 20, 40, 80, 160, 320)),
    "blur": (blur, (0.5, 1.0, 1.5, 2.5, 4.0, 6.0)),
    "noise": (noise, (4, 8, 14, 24, 40, 60)),
}


def main() -> None:
    """Score all ladders and write the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=Path, required=True)
    parser.add_argument("--model", help="default: the model that comes with the package")
    parser.add_argument("--most", type=int, default=40, help="photographs, the first by name")
    parser.add_argument("--output", type=Path, default=HERE / "ladders.csv")
    options = parser.parse_args()
    found = measured(ksiqa.load(options.model), sorted(options.photographs.iterdir())[: options.most])
    with options.output.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
    print(options.output.read_text())


def measured(scorer: ksiqa.Scorer, photographs: Sequence[Path]) -> list[dict[str, Any]]:
    """Return a row a kind: the share of strictly monotone ladders and of falling steps, and the mean scores."""
    rows = []
    for kind, (rung, strengths) in LADDERS.items():
        scores = []
        for photograph in track(photographs, description=kind, transient=True):
            image = Image.open(photograph).convert("RGB")
            scores.append([scorer.score(rung(image, strength)).score for strength in strengths])
        falls = [[after < before for before, after in pairwise(ladder)] for ladder in scores]
        rows.append(
            {
                "kind": kind,
                "photographs": len(photographs),
                "monotone": round(float(np.mean([all(steps) for steps in falls])), 4),
                "falling_steps": round(float(np.mean(falls)), 4),
                "strengths": " ".join(f"{one:g}" for one in strengths),
                "mean_scores": " ".join(f"{one:.3f}" for one in np.mean(scores, axis=0)),
            }
        )
    return rows


if __name__ == "__main__":
    main()
