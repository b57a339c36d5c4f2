"""KADID-10k's blurs: types 1 to 3. Parameters as in its authors' published generator (imdist_generator.m)."""

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray
from numpy.random import Generator
from scipy.ndimage import gaussian_filter

from ksiqa.data.synthetic.pixels import convolve, to_bytes, to_unit


def gaussian_blur(
    image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 1: Gaussian blur; sigma in pixels is published. Level 1 (0.1) changes no byte."""
    sigma = (0.1, 0.5, 1.0, 2.0, 5.0)[level - 1]
    return to_bytes(gaussian_filter(to_unit(image), (sigma, sigma, 0), mode="nearest"))


def lens_blur(image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator) -> UInt8[ndarray, "height width 3"]:
    """Type 2: blur by a disc; its radius in pixels is published."""
    radius = (1, 2, 4, 6, 8)[level - 1]
    return to_bytes(convolve(to_unit(image), disc(radius)))


def motion_blur(
    image: UInt8[ndarray, "height width 3"], level: int, rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 3: blur along a line at a random angle; its length in pixels is published.

    Level 1 (one pixel) changes no byte; KADID-10k's viewers rate it as they rate type 1 at level 1.
    """
    length = (1, 2, 4, 6, 10)[level - 1]
    return to_bytes(convolve(to_unit(image), line(length, angle=rng.uniform(0, np.pi))))


def disc(radius: int) -> Float[ndarray, "side side"]:
    """A kernel whose weights are each pixel's share of a disc, summed over 15 x 15 points a pixel."""
    fine, side = 15, 2 * radius + 1
    place = (np.arange(side * fine) + 0.5) / fine - side / 2
    inside = (place[:, None] ** 2 + place[None, :] ** 2 <= radius**2).astype(np.float64)
    share = inside.reshape(side, fine, side, fine).sum(axis=(1, 3))
    return share / share.sum()


def line(length: int, *, angle: float) -> Float[ndarray, "side side"]:
    """A kernel of a line through the centre, drawn by bilinear points; ``angle`` in radians."""
    half = (length - 1) / 2
    margin = int(np.ceil(half))
    steps = np.linspace(-half, half, 40 * length)
    rows, columns = margin + steps * np.sin(angle), margin + steps * np.cos(angle)
    kernel = np.zeros((2 * margin + 2, 2 * margin + 2))  # a spare row and column: points reach over
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    for down in (0, 1):
        for right in (0, 1):
            weight = np.abs(1 - down - (rows - top)) * np.abs(1 - right - (columns - left))
            np.add.at(kernel, (top + down, left + right), weight)
    return kernel[:-1, :-1] / kernel[:-1, :-1].sum()
