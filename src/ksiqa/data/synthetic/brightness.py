"""KADID-10k's brightness changes: types 16 to 18. Amounts as in its authors' published generator.

Some published copies stretch each result to its full range at the end, which hangs on single pixels; here it
is clipped instead.
"""

from jaxtyping import Float, UInt8
from numpy import ndarray
from numpy.random import Generator

from ksiqa.data.synthetic.pixels import from_lab, to_bytes, to_lab, to_unit

SHIFTS = (0.15, 0.08, 0.0, -0.08, -0.15)


def brighten(image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator) -> UInt8[ndarray, "height width 3"]:
    """Type 16: a parabola lifts the middle by half the published amount, 2/3 of it on RGB, 1/3 on Lab's L."""
    amount = (0.1, 0.2, 0.4, 0.7, 1.1)[level - 1]
    unit = to_unit(image)
    lab = to_lab(unit)
    lab[:, :, :1] = 100 * _bend(lab[:, :, :1] / 100, amount)
    return to_bytes((2 * _bend(unit, amount) + from_lab(lab)) / 3)


def darken(image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator) -> UInt8[ndarray, "height width 3"]:
    """Type 17: a parabola that lowers the middle by half the published amount."""
    amount = (0.05, 0.1, 0.2, 0.4, 0.8)[level - 1]
    return to_bytes(_bend(to_unit(image), -amount))


def mean_shift(
    image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 18, two-sided: a published amount is added to every sample. Level 3 (0) changes no byte."""
    return to_bytes(to_unit(image) + SHIFTS[level - 1])


def _bend(x: Float[ndarray, "height width channels"], amount: float) -> Float[ndarray, "height width channels"]:
    return (x + 2 * amount * x * (1 - x)).clip(0.0, 1.0)  # through (0, 0), (1/2, 1/2 + amount/2), (1, 1)
