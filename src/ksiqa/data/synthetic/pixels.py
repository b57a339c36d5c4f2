"""Bytes to numbers and back, colour spaces and filtering: what the distortion families share."""

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray
from scipy.signal import fftconvolve

# linear sRGB to CIE XYZ and the white point D65 (IEC 61966-2-1), rows X, Y, Z
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _XYZ.sum(axis=1)
_KNEE = 6 / 29  # where CIE Lab turns from a cube root to a line


def to_unit(image: UInt8[ndarray, "height width 3"]) -> Float[ndarray, "height width 3"]:
    """Bring bytes 0..255 to float64 in [0, 1]."""
    return image / 255.0


def to_bytes(unit: Float[ndarray, "height width 3"]) -> UInt8[ndarray, "height width 3"]:
    """Bring [0, 1] to bytes, rounded; what lies outside is clipped, as any camera or screen does."""
    return np.rint(np.clip(unit, 0.0, 1.0) * 255.0).astype(np.uint8)


def grey(unit: Float[ndarray, "height width 3"]) -> Float[ndarray, "height width"]:
    """Luma of an image in [0, 1] (ITU-R BT.601)."""
    return unit @ np.array([0.299, 0.587, 0.114])


def to_lab(unit: Float[ndarray, "height width 3"]) -> Float[ndarray, "height width 3"]:
    """Bring sRGB in [0, 1] to CIE Lab (L in 0..100, white D65)."""
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    share = linear @ (_XYZ.T / _WHITE)
    f = np.where(share > _KNEE**3, np.cbrt(share), share / (3 * _KNEE**2) + 4 / 29)
    x, y, z = np.moveaxis(f, 2, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=2)


def from_lab(lab: Float[ndarray, "height width 3"]) -> Float[ndarray, "height width 3"]:
    """Bring CIE Lab to sRGB; colours outside the gamut are clipped to [0, 1]."""
    light, a, b = np.moveaxis(lab, 2, 0)
    y = (light + 16) / 116
    f = np.stack([y + a / 500, y, y - b / 200], axis=2)
    share = np.where(f > _KNEE, f**3, 3 * _KNEE**2 * (f - 4 / 29))
    linear = np.clip(share @ (np.linalg.inv(_XYZ) * _WHITE).T, 0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def convolve(
    unit: Float[ndarray, "height width 3"], kernel: Float[ndarray, "side side"]
) -> Float[ndarray, "height width 3"]:
    """Filter each channel by a kernel of odd side; borders repeat the outermost pixel."""
    margin = kernel.shape[0] // 2
    padded = np.pad(unit, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    return fftconvolve(padded, kernel[:, :, None], mode="valid", axes=(0, 1))
