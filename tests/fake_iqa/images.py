"""Small images with something to learn: smooth colours, and noise that grows as the score falls."""

from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (64, 48)


def photograph(seed: int) -> Image.Image:
    colours = np.random.default_rng([7, seed]).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return Image.fromarray(colours).resize(SIZE, Image.Resampling.BICUBIC)


def degraded(image: Image.Image, strength: float, seed: int) -> Image.Image:
    """Add noise; ``strength`` in [0, 1]."""
    pixels = np.asarray(image, dtype=np.float64)
    noise = np.random.default_rng([11, seed]).normal(0, 60 * strength, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).round().astype(np.uint8))


def strengths(rows: int) -> list[float]:
    """Spread over [0.05, 0.95], in no order."""
    return [0.05 + 0.9 * float(share) for share in np.random.default_rng(rows).permutation(rows) / max(rows - 1, 1)]


def save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=95) if path.suffix.lower() == ".jpg" else image.save(path)
