"""KADID-10k's colour distortions: types 4 to 8. Parameters as in its authors' published generator."""

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray
from numpy.random import Generator
from PIL import Image
from scipy.ndimage import gaussian_filter

from ksiqa.data.synthetic.pixels import from_lab, grey, to_bytes, to_lab, to_unit

SHIFTS = (1, 3, 6, 8, 12)  # of green, in pixels


def colour_diffusion(
    image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 4: Lab's colours are blurred and amplified; amount and sigma = 1.5 amount + 2 are published."""
    amount = (1, 3, 6, 8, 12)[level - 1]
    lab = to_lab(to_unit(image))
    sigma = 1.5 * amount + 2
    lab[:, :, 1:] = amount * gaussian_filter(lab[:, :, 1:], (sigma, sigma, 0), mode="nearest")
    return to_bytes(from_lab(lab))


def colour_shift(
    image: UInt8[ndarray, "height width 3"], level: int, rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 5: green moves by a published number of pixels, where the image has edges.

    The shifted green is blended in by the blurred gradient magnitude (sigma 4), brought to [0, 1]. Two choices of
    ours make more shift more damage, which on fine texture it is not by itself: the blur grows with the shift, for a
    fringe lies as far from its edge as green has moved; and of sixteen random directions the one is taken along which
    the squared error grows most evenly.
    """
    unit = to_unit(image)
    green, weights, masks = unit[:, :, 1], np.zeros(image.shape[:2]), []
    for amount in SHIFTS:
        weights = np.maximum(weights, _edges(unit, sigma=max(4, 2 * amount)))
        masks.append(weights)
    best, changes = -1.0, masks
    for angle in rng.uniform(0, 2 * np.pi, 16):
        found = [mask * (_moved(green, amount, angle) - green) for mask, amount in zip(masks, SHIFTS, strict=True)]
        error = np.array([np.mean(change**2) for change in found])
        growth = float(np.min(error[1:] / np.maximum(error[:-1], 1e-12)))  # an even image has no error
        if growth > best:
            best, changes = growth, found
    unit[:, :, 1] = green + changes[level - 1]
    return to_bytes(unit)


def colour_quantisation(
    image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 6: a palette of a published number of colours, dithered (Floyd–Steinberg); here by median cut."""
    colours = (64, 48, 32, 16, 8)[level - 1]
    picture = Image.fromarray(image)
    palette = picture.quantize(colours, method=Image.Quantize.MEDIANCUT)
    return np.array(picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB"))


def colour_saturation_1(
    image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 7: the saturation of HSV times a published factor.

    Hue and value kept, that is c' = max − factor (max − c) for every channel c; below 0 hues turn over.
    """
    factor = (0.4, 0.2, 0.1, 0.0, -0.4)[level - 1]
    unit = to_unit(image)
    value = unit.max(axis=2, keepdims=True)
    return to_bytes(value - factor * (value - unit))


def colour_saturation_2(
    image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 8: the colour channels of Lab times a published factor. Level 1 (times 1) changes no byte."""
    factor = (1, 2, 3, 6, 9)[level - 1]
    lab = to_lab(to_unit(image))
    lab[:, :, 1:] *= factor
    return to_bytes(from_lab(lab))


def _edges(unit: Float[ndarray, "height width 3"], *, sigma: float) -> Float[ndarray, "height width"]:
    down, right = np.gradient(grey(unit))
    strength = gaussian_filter(np.hypot(down, right), sigma)
    low, high = np.percentile(strength, (1, 99))
    return np.clip((strength - low) / max(high - low, 1e-12), 0.0, 1.0)  # an even image has no edges


def _moved(channel: Float[ndarray, "height width"], amount: int, angle: float) -> Float[ndarray, "height width"]:
    """Fetch each place from ``amount`` pixels away; outside the image from its border."""
    away = np.rint([amount * np.sin(angle), amount * np.cos(angle)]).astype(int)
    rows, columns = (
        np.clip(np.arange(length) - step, 0, length - 1) for length, step in zip(channel.shape, away, strict=True)
    )
    return channel[np.ix_(rows, columns)]
