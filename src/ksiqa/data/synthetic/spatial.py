"""KADID-10k's spatial distortions: types 19 to 23. Parameters as in its authors' published generator.

Counts of patches and blocks are its counts for 512 x 384 pixels, whatever the size of the image.
"""

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray
from numpy.random import Generator
from PIL import Image
from scipy.ndimage import map_coordinates

from ksiqa.data.synthetic.pixels import to_bytes, to_unit


def jitter(image: UInt8[ndarray, "height width 3"], level: int, rng: Generator) -> UInt8[ndarray, "height width 3"]:
    """Type 19: five times every pixel is fetched from a random offset of published spread (bilinear here)."""
    amount = (0.05, 0.1, 0.2, 0.5, 1.0)[level - 1]
    unit = to_unit(image)
    for _ in range(5):
        places = np.indices(image.shape[:2]) + amount * rng.normal(size=(2, *image.shape[:2]))
        channels = [map_coordinates(unit[:, :, c], places, order=1, mode="nearest") for c in range(3)]
        unit = np.stack(channels, axis=2)
    return to_bytes(unit)


def patches(image: UInt8[ndarray, "height width 3"], level: int, rng: Generator) -> UInt8[ndarray, "height width 3"]:
    """Type 20, non-eccentricity patches: a published number of 16 x 16 patches, each moved by up to 8 pixels.

    The images need at least 48 pixels a side.
    """
    count, side, reach = 20 * level, 16, 16
    moved = image.copy()
    room = np.array(image.shape[:2]) - side - 2 * reach
    for _ in range(count):
        top, left = reach + np.rint(rng.random(2) * room).astype(int)
        to_top, to_left = np.rint(np.array([top, left]) + (rng.random(2) - 0.5) * reach).astype(int)
        patch = moved[top : top + side, left : left + side].copy()
        moved[to_top : to_top + side, to_left : to_left + side] = patch
    return moved


def pixelate(image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator) -> UInt8[ndarray, "height width 3"]:
    """Type 21: down to 0.95 − strength^0.6 of each side and up, nearest neighbour; published strengths."""
    strength = (0.01, 0.05, 0.1, 0.2, 0.5)[level - 1]
    height, width, _ = image.shape
    share = 0.95 - strength**0.6
    small = Image.fromarray(image).resize((int(width * share), int(height * share)), Image.Resampling.NEAREST)
    return np.array(small.resize((width, height), Image.Resampling.NEAREST))


def quantisation(
    image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 22: samples cut at a published number of thresholds, placed by Otsu's rule over all channels.

    Every class takes its upper threshold as value, the lowest 0 and the highest 255, as published.
    """
    count = (20, 16, 13, 10, 7)[level - 1]
    cuts = otsu(np.bincount(image.ravel(), minlength=256).astype(np.float64), count)
    values = np.array([0, *cuts[1:], 255], dtype=np.uint8)
    return values[np.searchsorted(cuts, image)]


def colour_block(
    image: UInt8[ndarray, "height width 3"], level: int, rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 23: a published number of 32 x 32 blocks of random colour at random places."""
    count, side = 2 * level, 32
    covered = image.copy()
    for _ in range(count):
        top, left = (rng.random(2) * (np.array(image.shape[:2]) - side)).astype(int)
        covered[top : top + side, left : left + side] = (255 * rng.random(3)).astype(np.uint8)
    return covered


def otsu(histogram: Float[ndarray, " values"], count: int) -> list[int]:
    """Place ``count`` thresholds so that the variance within the classes is least, exactly (Otsu 1979).

    A class holds the values up to and including its threshold; found by dynamic programming.
    """
    size, value = len(histogram), np.arange(len(histogram), dtype=np.float64)
    number, first, second = (np.append(0.0, np.cumsum(histogram * value**power)) for power in (0, 1, 2))
    mass = np.maximum(number[None, :] - number[:, None], 1e-12)  # no samples cost nothing
    cost = second[None, :] - second[:, None] - (first[None, :] - first[:, None]) ** 2 / mass
    cost[np.tril_indices(size + 1)] = np.inf  # a class [start, end) holds at least one value
    best, back = cost[0], []
    for _ in range(count):
        total = best[:, None] + cost
        back.append(total.argmin(axis=0))
        best = total.min(axis=0)
    ends = [size]
    for origin in reversed(back):
        ends.append(int(origin[ends[-1]]))
    return [end - 1 for end in reversed(ends[1:])]
