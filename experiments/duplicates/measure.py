"""Measures how well `ksiqa prepare` tells copies from other pictures: recall on transformed copies, and false pairs.

    python experiments/duplicates/measure.py --livec ChallengeDB_release --photographs FOLDER [--images 258]

Every kind of copy is made of each photograph, and of as many LIVEC images, and compared with all originals, once as in
large sets (crops of down to 90 % of a side) and once as among few contents (down to a half). Writes results.csv, a row
a set, reach and kind, beside this file, and prints the pairs found among the originals themselves, to be looked at.
"""

import argparse
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from ksiqa.data import likeness
from ksiqa.data.image_file import images_in, read_image

Picture = Image.Image
FEW = likeness.FEW


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--livec", type=Path, required=True)
    parser.add_argument("--photographs", type=Path, required=True)
    parser.add_argument("--images", type=int, default=258)
    options = parser.parse_args()
    folders = {"photographs": options.photographs, "livec": options.livec / "Images"}
    files = {name: [file for file in images_in(folder) if file.parent == folder] for name, folder in folders.items()}
    whole = {name: thumbnails([Image.fromarray(read_image(file)) for file in one]) for name, one in files.items()}
    rows = []
    for name, one in files.items():
        originals = [Image.fromarray(read_image(file)) for file in one[: options.images]]
        for kind, change in KINDS.items():
            rng = np.random.default_rng(0)
            copies = thumbnails([change(image, rng) for image in originals])
            for reach, few in {"large sets": 0, "few contents": FEW}.items():
                likeness.FEW = few
                found = {(match.one, match.other) for match in likeness.alike(whole[name][: len(copies)], copies)}
                recall = sum(mine == copy for mine, copy in found) / len(copies)
                others = sum(mine != copy for mine, copy in found)
                rows.append({"set": name, "reach": reach, "kind": kind, "recall": recall, "pairs of two": others})
                print(rows[-1], flush=True)
        pd.DataFrame(rows).to_csv(Path(__file__).with_name("results.csv"), index=False, float_format="%.4f")
    for reach, few in {"large sets": 0, "few contents": 10**9}.items():
        likeness.FEW = few
        for name, one in files.items():
            show(reach, name, [(one[match.one], one[match.other], match) for match in likeness.alike(whole[name])])
        between = likeness.alike(whole["photographs"], whole["livec"])
        pairs = [(files["photographs"][match.one], files["livec"][match.other], match) for match in between]
        show(reach, "photographs beside livec", pairs)


def show(reach: str, name: str, pairs: list[tuple[Path, Path, likeness.Match]]) -> None:
    """Print pairs of originals."""
    told = ", ".join(f"{one.name} {other.name} {match.likeness:.3f}" for one, other, match in pairs)
    print(f"{reach}, {name}: {len(pairs)} pairs. {told}", flush=True)


def thumbnails(images: list[Picture]) -> likeness.Thumbnails:
    """Return the images' thumbnails."""
    return np.stack([likeness.thumbnail(np.asarray(image.convert("RGB"))) for image in images])


def jpeg(image: Picture, quality: int = 50) -> Picture:
    """Encode and decode."""
    file = BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=quality)
    return Image.open(file)


def half(image: Picture) -> Picture:
    """Return the image at half its size."""
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC)


def mirrored(image: Picture) -> Picture:
    """Return the mirror image."""
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def cropped(image: Picture, rng: np.random.Generator, low: float, high: float) -> Picture:
    """Return a part anywhere, with a share of each side between ``low`` and ``high``."""
    width, height = (round(side * rng.uniform(low, high)) for side in image.size)
    left, top = int(rng.integers(image.width - width + 1)), int(rng.integers(image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def rescaled_part(image: Picture, rng: np.random.Generator) -> Picture:
    """Return a part of 55 to 90 % of each side, at 0.67 to 1.3 of its size, as JPEG of quality 60."""
    part, scale = cropped(image, rng, 0.55, 0.9), rng.uniform(0.67, 1.3)
    return jpeg(part.resize((round(part.width * scale), round(part.height * scale)), Image.Resampling.BICUBIC), 60)


KINDS: dict[str, Callable[[Picture, np.random.Generator], Picture]] = {
    "JPEG quality 50": lambda image, _: jpeg(image),
    "half the size": lambda image, _: half(image),
    "grey": lambda image, _: image.convert("L"),
    "mirrored": lambda image, _: mirrored(image),
    "95 % of each side": lambda image, rng: cropped(image, rng, 0.95, 0.95),
    "90 % of each side": lambda image, rng: cropped(image, rng, 0.9, 0.9),
    "90 to 100 % of each side": lambda image, rng: cropped(image, rng, 0.9, 1.0),
    "all of these at once": lambda image, rng: jpeg(half(mirrored(cropped(image, rng, 0.9, 0.9)).convert("L"))),
    "two thirds by three quarters": lambda image, rng: part_of_kodak(image, rng),
    "part at another scale": rescaled_part,
}


def part_of_kodak(image: Picture, rng: np.random.Generator) -> Picture:
    """Return two thirds by three quarters, as 512x384 of 768x512."""
    width, height = round(image.width * 2 / 3), round(image.height * 3 / 4)
    left, top = int(rng.integers(image.width - width + 1)), int(rng.integers(image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


if __name__ == "__main__":
    main()
