"""The training families by name, and ``distort``: one call for all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from numpy.random import Generator

from ksiqa.data.synthetic import blur, brightness, colour, compression, noise, sharpness_contrast, spatial
from ksiqa.errors import ConfigError, ImageError, choice

LEVELS = (1, 2, 3, 4, 5)
SMALLEST_SIDE = 64  # patches of 16 pixels keep 16 from the border, blocks have 32; measures need 41
Distortion = Callable[[UInt8[ndarray, "height width 3"], int, Generator], UInt8[ndarray, "height width 3"]]


@dataclass(frozen=True)
class Family:
    """A kind of distortion at five levels."""

    name: str
    group: str
    apply: Distortion
    number: int | None = None  # type in KADID-10k's list; None: not in it
    deviation: tuple[float, ...] = (
        1,
        2,
        3,
        4,
        5,
    )  # of each level from no change: the order of severity
    two_sided: bool = False  # levels run from one side through no change to the other
    needs_colour: bool = False  # leaves a grey photograph as it is

    def by_severity(self) -> tuple[int, ...]:
        """Return the levels from the least deviation to the most (equal ones in the order of their index)."""
        return tuple(sorted(LEVELS, key=lambda level: round(self.deviation[level - 1], 9)))


_shifts = tuple(abs(shift) for shift in brightness.SHIFTS)
_contrasts = tuple(abs(amount - sharpness_contrast.NEUTRAL_CONTRAST) for amount in sharpness_contrast.CONTRASTS)

_ALL = (
    Family("gaussian_blur", "blur", blur.gaussian_blur, 1),
    Family("lens_blur", "blur", blur.lens_blur, 2),
    Family("motion_blur", "blur", blur.motion_blur, 3),
    Family("colour_diffusion", "colour", colour.colour_diffusion, 4, needs_colour=True),
    Family("colour_shift", "colour", colour.colour_shift, 5),
    Family("colour_quantisation", "colour", colour.colour_quantisation, 6),
    Family("colour_saturation_1", "colour", colour.colour_saturation_1, 7, needs_colour=True),
    Family("colour_saturation_2", "colour", colour.colour_saturation_2, 8, needs_colour=True),
    Family("jpeg2000", "compression", compression.jpeg2000, 9),
    Family("jpeg", "compression", compression.jpeg, 10),
    Family("webp", "compression", compression.webp),
    Family("white_noise", "noise", noise.white_noise, 11),
    Family("white_noise_colour", "noise", noise.white_noise_colour, 12),
    Family("impulse_noise", "noise", noise.impulse_noise, 13),
    Family("multiplicative_noise", "noise", noise.multiplicative_noise, 14),
    Family("denoise", "noise", noise.denoise, 15),
    Family("brighten", "brightness", brightness.brighten, 16),
    Family("darken", "brightness", brightness.darken, 17),
    Family("mean_shift", "brightness", brightness.mean_shift, 18, _shifts, two_sided=True),
    Family("jitter", "spatial", spatial.jitter, 19),
    Family("patches", "spatial", spatial.patches, 20),
    Family("pixelate", "spatial", spatial.pixelate, 21),
    Family("quantisation", "spatial", spatial.quantisation, 22),
    Family("colour_block", "spatial", spatial.colour_block, 23),
    Family("high_sharpen", "sharpness_contrast", sharpness_contrast.high_sharpen, 24),
    Family(
        "contrast_change",
        "sharpness_contrast",
        sharpness_contrast.contrast_change,
        25,
        _contrasts,
        two_sided=True,
    ),
)
FAMILIES: dict[str, Family] = {family.name: family for family in _ALL}


def distort(
    image: UInt8[ndarray, "height width 3"], *, family: str, level: int, seed: int
) -> UInt8[ndarray, "height width 3"]:
    """Distort an image; the same arguments give the same bytes on every machine and run.

    All levels of a family draw from one stream of (seed, family): the blocks or noise of a level come again,
    stronger, at the next, so that severity rises with the level on each image and not only on the mean.

    Raises:
        ConfigError: no such family or level.
        ImageError: a side under 64 pixels.
    """
    kind = FAMILIES[choice(family, allowed=FAMILIES, name="family")]
    height, width, _ = image.shape
    if min(height, width) < SMALLEST_SIDE:
        raise ImageError(
            found=f"an image of {width}x{height}",
            expected=f"sides of at least {SMALLEST_SIDE} pixels",
            do="use a larger photograph (enlarging is itself a distortion)",
        )
    return kind.apply(image, check_level(level), np.random.default_rng(stable_seed(seed, family)))


def check_level(level: int) -> int:
    """Return ``level`` if it is one of the five.

    Raises:
        ConfigError: it is not.
    """
    if level not in LEVELS:
        raise ConfigError(found=f"level={level}", expected="a level from 1 to 5", do="choose among 1, 2, 3, 4, 5")
    return level


def stable_seed(*parts: int | str) -> int:
    """Make a 64-bit seed of numbers and names, the same on every machine and run."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
