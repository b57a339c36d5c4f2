"""Score photographs with a model that ``ksiqa export --format onnx`` wrote: onnxruntime, numpy and Pillow alone."""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def pixels(path: Path) -> np.ndarray:
    """Read a photograph, upright: (height, width, 3) of uint8. Alpha lies over white; 16 bits keep the upper eight."""
    with Image.open(path) as image:
        turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I;16"):
        turned = Image.fromarray((np.asarray(turned) >> 8).astype(np.uint8))
    if turned.mode in ("I", "F"):
        raise SystemExit(f"{path}: pixels of mode {turned.mode}, whose black and white are not defined")
    if turned.has_transparency_data:
        over = turned.convert("RGBA")
        turned = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    return np.asarray(turned.convert("RGB"))


def views(image: np.ndarray, facts: dict) -> np.ndarray:
    """Return what the model is shown of an image: (views, 3, rows, columns) of float32 in [0, 1]."""
    short, least = facts["short_side"], min(image.shape[:2])
    if short is not None and least > short:  # made smaller as in training; never larger
        height, width = (round(length * (short / least)) for length in image.shape[:2])
        image = np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))
    sides, cell, side, grid = image.shape[:2], facts["cell"], facts["views"]["side"], facts["views"]["grid"]
    whole = facts["views"]["kind"] == "whole"
    if min(sides) < (cell if whole else side):
        raise SystemExit(f"an image of {sides[1]}x{sides[0]}: the model wants {cell if whole else side} pixels a side")
    if whole:  # trimmed evenly to whole tokens
        shown = [length - length % cell for length in sides]
        corners = [tuple((length - kept) // 2 for length, kept in zip(sides, shown, strict=True))]
    else:  # crops of one side, spread evenly from edge to edge
        shown = [side, side]
        tops, lefts = (_spread(length - side, grid) for length in sides)
        corners = [(top, left) for top in tops for left in lefts]
    largest = facts["largest_grid"] * cell
    if max(shown) > largest:  # ksiqa looks at these in tiles: another score than in one piece
        raise SystemExit(f"an image of {sides[1]}x{sides[0]}: the file takes {largest} pixels a side; use ksiqa itself")
    cut = [image[top : top + shown[0], left : left + shown[1]] for top, left in corners]
    return np.stack(cut).transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)


def _spread(room: int, count: int) -> list[int]:
    return [room // 2] if count == 1 else [round(room * place / (count - 1)) for place in range(count)]


def half_width(errors: list[float], coverage: float, doubt: float) -> float | None:
    """Return how far a label lies from the score at most, with that probability; None where nothing is known."""
    if not errors:
        return None
    place = math.ceil((len(errors) + 1) * coverage - 1e-9)
    return 1.0 if place > len(errors) else errors[place - 1] * doubt


def main() -> None:
    """Print a JSON line for each photograph."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="FILE.onnx")
    parser.add_argument("images", nargs="+", type=Path)
    parser.add_argument("--reference", type=Path, help="of a model exported with --full-reference")
    parser.add_argument("--coverage", type=float, default=0.9, help="of the interval low to high")
    options = parser.parse_args()
    session = onnxruntime.InferenceSession(options.model, providers=["CPUExecutionProvider"])
    facts = json.loads(session.get_modelmeta().custom_metadata_map["ksiqa"])
    if (options.reference is not None) != ("reference" in facts["inputs"]):
        raise SystemExit(f"this model takes {' and '.join(facts['inputs'])}")
    reference = None if options.reference is None else pixels(options.reference)
    known = {output.name for output in session.get_outputs()}
    wanted = ["score", "doubt"] if facts.get("in_doubts") and "doubt" in known else ["score"]  # no plain model doubts
    for path in options.images:
        image = pixels(path)
        if reference is not None and image.shape != reference.shape:
            raise SystemExit(f"{path}: another size than its reference, with which it must be aligned pixel by pixel")
        shown = {"image": views(image, facts)}
        if reference is not None:
            shown["reference"] = views(reference, facts)
        means = {name: float(found.mean()) for name, found in zip(wanted, session.run(wanted, shown), strict=True)}
        score, doubt = means["score"], means.get("doubt", 1.0)
        if not math.isfinite(score):
            raise SystemExit(f"{path}: a score of {score}")
        scale, half = facts["scale"], half_width(facts["residuals"], options.coverage, doubt)
        share = score if scale["higher_is_better"] else 1 - score
        row = {"image": str(path), "score": score, "score_raw": scale["low"] + (scale["high"] - scale["low"]) * share}
        row |= {"scale": scale["name"]}
        row["low"], row["high"] = (None, None) if half is None else (max(0.0, score - half), min(1.0, score + half))
        print(json.dumps(row))


if __name__ == "__main__":
    main()
