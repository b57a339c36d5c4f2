"""KADID-10k's noises: types 11 to 15. Variances (on [0, 1]) and densities as in its published generator."""

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray
from numpy.random import Generator
from scipy.fft import dctn, idctn

from ksiqa.data.synthetic.pixels import to_bytes, to_unit

# full-range Y'CbCr of JFIF, chroma around 0
_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])


def white_noise(
    image: UInt8[ndarray, "height width 3"], level: int, rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 11: Gaussian noise of a published variance in R, G and B."""
    variance = (0.001, 0.002, 0.003, 0.005, 0.01)[level - 1]
    return to_bytes(to_unit(image) + rng.normal(0, variance**0.5, image.shape))


def white_noise_colour(
    image: UInt8[ndarray, "height width 3"], level: int, rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 12: Gaussian noise of a published variance in Y, Cb and Cr."""
    variance = (0.0001, 0.0005, 0.001, 0.002, 0.003)[level - 1]
    noise = rng.normal(0, variance**0.5, image.shape)
    return to_bytes(to_unit(image) + noise @ np.linalg.inv(_YCC).T)


def impulse_noise(
    image: UInt8[ndarray, "height width 3"], level: int, rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 13: a published share of all samples turns to 0 or 255."""
    density = (0.001, 0.005, 0.01, 0.02, 0.03)[level - 1]
    lot = rng.random(image.shape)
    noisy = image.copy()
    noisy[lot < density / 2] = 0
    noisy[lot > 1 - density / 2] = 255
    return noisy


def multiplicative_noise(
    image: UInt8[ndarray, "height width 3"], level: int, rng: Generator
) -> UInt8[ndarray, "height width 3"]:
    """Type 14: speckle, x (1 + n), of a published variance; n is Gaussian here (not published)."""
    variance = (0.001, 0.005, 0.01, 0.02, 0.05)[level - 1]
    return to_bytes(to_unit(image) * (1 + rng.normal(0, variance**0.5, image.shape)))


def denoise(image: UInt8[ndarray, "height width 3"], level: int, rng: Generator) -> UInt8[ndarray, "height width 3"]:
    """Type 15: Gaussian noise of a published variance, taken out again channel by channel.

    KADID-10k denoises by DnCNN, a trained network; here by shifted 8 x 8 DCTs with a hard threshold (Yu and
    Sapiro, "DCT image denoising", IPOL 2011), which leaves the like: lost texture and ringing patches.
    """
    sigma = (0.01, 0.03, 0.05, 0.1, 0.15)[level - 1] ** 0.5
    noisy = to_bytes(to_unit(image) + rng.normal(0, sigma, image.shape))
    return to_bytes(_shrink(to_unit(noisy), threshold=2.7 * sigma))


def _shrink(unit: Float[ndarray, "height width 3"], *, threshold: float) -> Float[ndarray, "height width 3"]:
    side, stride = 8, 2
    height, width, _ = unit.shape
    down, right = (
        side + -height % side,
        side + -width % side,
    )  # a block to spare: every shift covers the image
    padded = np.pad(unit, ((side, down), (side, right), (0, 0)), mode="symmetric").astype(np.float32)
    total = np.zeros_like(padded)
    shifts = range(0, side, stride)
    for top in shifts:
        for left in shifts:
            part = padded[top : padded.shape[0] - side + top, left : padded.shape[1] - side + left]
            blocks = part.reshape(part.shape[0] // side, side, part.shape[1] // side, side, 3)
            waves = dctn(blocks, axes=(1, 3), norm="ortho")
            mean = waves[:, :1, :, :1].copy()
            waves[np.abs(waves) < threshold] = 0
            waves[:, :1, :, :1] = mean
            total[top : top + part.shape[0], left : left + part.shape[1]] += idctn(
                waves, axes=(1, 3), norm="ortho"
            ).reshape(part.shape)
    return (total[side : side + height, side : side + width] / len(shifts) ** 2).astype(np.float64)
