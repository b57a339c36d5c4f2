"""KADID-10k's sharpness and contrast: types 24 and 25. Amounts as in its authors' published generator."""

from jaxtyping import UInt8
from numpy import ndarray
from numpy.random import Generator
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter

from ksiqa.data.synthetic.pixels import from_lab, to_bytes, to_lab, to_unit

CONTRASTS = (0.3, 0.15, 0.0, -0.4, -0.6)
NEUTRAL_CONTRAST = -0.2  # at this amount the curve's knots lie on the diagonal


def high_sharpen(
    image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 24: unsharp masking of Lab's L by a published amount, sigma 3 pixels."""
    amount = (1, 2, 3, 6, 12)[level - 1]
    lab = to_lab(to_unit(image))
    light = lab[:, :, 0]
    lab[:, :, 0] = (light + amount * (light - gaussian_filter(light, 3, mode="nearest"))).clip(0, 100)
    return to_bytes(from_lab(lab))


def contrast_change(
    image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 25, two-sided: a cubic spline through (.3, .25 − c/4), (.5, .5), (.7, .75 + c/4); c is published.

    c = −0.2 is no change; levels 1 to 3 raise the contrast, 4 and 5 lower it.
    """
    amount = CONTRASTS[level - 1]
    curve = CubicSpline([0, 0.3, 0.5, 0.7, 1], [0, 0.25 - amount / 4, 0.5, 0.75 + amount / 4, 1])
    return to_bytes(curve(to_unit(image)))
