"""A quality map laid over its photograph."""

import numpy as np
from jaxtyping import Float32, UInt8
from matplotlib import colormaps
from numpy import ndarray
from PIL import Image, ImageDraw, ImageFont

from ksiqa.data.transform import Pixels
from ksiqa.errors import printable

LONG_SIDE = 1024  # of a picture, in pixels: larger photographs are made smaller
COLOURS = colormaps["viridis"]  # even in lightness, also to the colour-blind; dark is poor, bright is good
LEGEND, BAR, TEXT = 44, 200, 14  # pixels: the legend's height and its bar's width, the size of letters
SHARE = 0.6  # of the colour; the rest is the photograph, without its own colours


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
        box: which part of the photograph it covers, as shares: left, top, right, bottom.
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
