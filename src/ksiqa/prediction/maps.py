"""Quality maps laid over their photographs, as PNG."""

from pathlib import PurePath

import numpy as np
from jaxtyping import Float32, UInt8
from matplotlib import colormaps
from numpy import ndarray
from PIL import Image, ImageDraw, ImageFont

from ksiqa.data.transform import Pixels, shrunk_size
from ksiqa.errors import printable
from ksiqa.files import write_whole
from ksiqa.inference.model_folder import TrainedModel
from ksiqa.prediction.work import Scored, Scoring

LONG_SIDE = 1024  # of a picture, in pixels: larger photographs are made smaller
COLOURS = colormaps["viridis"]  # even in lightness, also to the colour-blind; dark is poor, bright is good
LEGEND, BAR, TEXT = 44, 200, 14  # pixels: the legend's height and its bar's width, the size of letters
SHARE = 0.6  # of the colour; the rest is the photograph, without its own colours


def write_map(one: Scored, scoring: Scoring) -> None:
    """Write the picture of a scored image where one is asked for; its place in the folder is the image's own.

    Raises:
        StorageError: it cannot be written there.
    """
    folder = scoring.work.maps
    if folder is None or one.pixels is None or one.quality_map is None:
        return
    file = folder / map_name(one.row["image"])
    file.parent.mkdir(parents=True, exist_ok=True)
    box = shown_part(one.pixels.shape[:2], scoring.scorer.trained, scale=one.row["scale"])
    with write_whole(file, "wb") as opened:
        overlay(one.pixels, one.quality_map, box=box, score=one.row["score"]).save(opened, "PNG")


def map_name(image: str) -> PurePath:
    """Return the path of an image's map: never the same for two, and never outside a folder.

    ``a/b.jpg`` gives ``a/b.jpg.png``, ``/a/b.jpg`` gives ``%root/a/b.jpg.png``, ``../b.jpg`` gives ``%up/b.jpg.png``.
    """
    named = {"/": "%root", "//": "%root", "..": "%up"}
    parts = [named.get(part, f"%{part}" if part.startswith("%") else part) for part in PurePath(image).parts]
    return PurePath(*parts[:-1], f"{parts[-1]}.png")


def shown_part(size: tuple[int, int], trained: TrainedModel, *, scale: str) -> tuple[float, float, float, float]:
    """Return which part of an image of (height, width) a map covers, as shares: left, top, right, bottom."""
    height, width = shrunk_size(size, short_side=trained.short_side_of(scale))
    (crop,) = trained.views.crops((height, width), np.random.default_rng(0))
    return crop.left / width, crop.top / height, (crop.left + crop.width) / width, (crop.top + crop.height) / height


def overlay(
    pixels: Pixels,
    quality_map: Float32[ndarray, "rows columns"],
    *,
    box: tuple[float, float, float, float],
    score: float,
) -> Image.Image:
    """Return a photograph in grey under the colours of its map, with a legend from 0 to 1.

    Args:
        pixels: of the photograph.
        quality_map: in [0, 1], a value a token.
        box: which part of the photograph it covers; see ``shown_part``.
        score: of the photograph, which the legend tells.
    """
    photograph = Image.fromarray(pixels)
    photograph.thumbnail((LONG_SIDE, LONG_SIDE))
    width, height = photograph.size
    grey = np.repeat(np.asarray(photograph.convert("L"), dtype=np.float32)[..., None], 3, axis=2)
    picture = Image.new("RGB", (max(width, BAR + 60), height + LEGEND), "white")
    picture.paste(Image.fromarray((grey * (1 - SHARE)).astype(np.uint8)))
    left, top, right, bottom = (round(share * (width, height)[place % 2]) for place, share in enumerate(box))
    shown = Image.fromarray(_coloured(quality_map)).resize((right - left, bottom - top), Image.Resampling.NEAREST)
    under = grey[top:bottom, left:right]
    picture.paste(Image.fromarray((SHARE * np.asarray(shown) + (1 - SHARE) * under).astype(np.uint8)), (left, top))
    _add_legend(picture, height, score)
    return picture


def _add_legend(picture: Image.Image, top: int, score: float) -> None:
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(TEXT)
    bar = _coloured(np.linspace(0, 1, BAR, dtype=np.float32)[None])
    on_grey = (SHARE * bar + (1 - SHARE) * 128).astype(np.uint8)  # as it looks over a photograph
    picture.paste(Image.fromarray(on_grey).resize((BAR, TEXT)), (24, top + 6))
    for x, text in ((10, "0"), (BAR + 28, "1")):
        draw.text((x, top + 4), text, "black", font)
    draw.text((10, top + 24), printable(f"quality: 0 worst, 1 best; the image {score:.3f}"), "black", font)


def _coloured(values: Float32[ndarray, "rows columns"]) -> UInt8[ndarray, "rows columns 3"]:
    return np.round(255 * COLOURS(np.clip(values, 0, 1))[..., :3]).astype(np.uint8)
