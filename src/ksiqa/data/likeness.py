"""How alike two images are, from thumbnails: re-encoded, resized, cropped, grey and mirrored copies are found.

A part of one image is compared with the whole of the other, by the low frequencies of both (a cosine transform, as in
perceptual hashes, but of many parts of the image and kept as numbers). The part that fits best is then moved and
stretched until it fits as well as it can. Measured in experiments/duplicates.
"""

import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, UInt8
from numpy import ndarray
from PIL import Image
from rich.progress import track
from scipy.optimize import minimize

from ksiqa.data.transform import Pixels

SIDE = 96  # of a thumbnail; the frequencies compared need twice FINE pixels in a half of it
FINE = 16  # frequencies of the last comparison
COARSE, CANDIDATE = 10, 0.8  # frequencies of the first comparison, and its likeness from which the last one is made
ALIKE = 0.93  # likeness from which a pair is one picture
ALIKE_IN_PART = 0.96  # the same where the part has less than NEARLY_ALL of a side: among more parts, chance finds more
NEARLY_ALL = 0.85
FEW = 300_000  # pairs up to which real crops are searched: some hundred contents, a minute or two

Thumbnails = UInt8[ndarray, "_ 96 96"]
Interval = tuple[float, float]  # from and to, of an image's length


def _evenly(share: float, places: int) -> list[Interval]:
    return [(float(start), float(start + share)) for start in np.linspace(0, 1 - share, places)]


# Parts of an image are all of these intervals of its height with all of its width.
WHOLE: Sequence[Interval] = [(0.0, 1.0)]
SMALL_CROPS = [*WHOLE, *_evenly(0.95, 2), *_evenly(0.9, 3)]
REAL_CROPS = [part for n in range(11) for part in _evenly(1 - 0.05 * n, n + 1)]  # down to a half


class Match(NamedTuple):
    """Two images by their places, and their likeness: 1 is the same picture."""

    one: int
    other: int
    likeness: float


def thumbnail(image: Pixels) -> UInt8[ndarray, "96 96"]:
    """Return an image in grey, squeezed to a square."""
    return np.asarray(Image.fromarray(image).convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def alike(ones: Thumbnails, others: Thumbnails | None = None) -> list[Match]:
    """Return the pairs that are one picture: within ``ones``, or between ``ones`` and ``others``.

    Crops of down to 90 % of each side are found; where there are ``FEW`` pairs, of down to a half.
    """
    within = others is None
    second = ones if others is None else others
    if not (len(ones) and len(second)):
        return []
    reach = REAL_CROPS if len(ones) * len(second) <= FEW else SMALL_CROPS
    found: dict[tuple[int, int], float] = {}
    for part, whole, turned in ((ones, second, False), *(() if within else ((second, ones, True),))):
        for match in _parts_in_wholes(part, whole, reach):
            pair = (match.other, match.one) if turned else (match.one, match.other)
            if within:
                pair = (min(pair), max(pair))
            if pair[0] != pair[1] or not within:
                found[pair] = max(match.likeness, found.get(pair, 0.0))
    return [Match(*pair, likeness) for pair, likeness in sorted(found.items())]


def _parts_in_wholes(parts: Thumbnails, wholes: Thumbnails, reach: Sequence[Interval]) -> list[Match]:
    """Compare parts of each of the first with all of the second, mirrored too."""
    faces = [wholes, wholes[:, :, ::-1]]
    of_wholes = [_descriptors(face, WHOLE)[:, 0] for face in faces]
    windows = [(*rows, *columns) for rows in reach for columns in reach]
    matches = []
    shown = sys.stdout.isatty()
    for one in track(range(len(parts)), description="looking for duplicates", transient=True, disable=not shown):
        descriptors = _descriptors(parts[one : one + 1], reach)[0]
        for face, of_face in zip(faces, of_wholes, strict=True):
            likeness = descriptors @ of_face.T
            for other in np.flatnonzero(likeness.max(axis=0) > CANDIDATE).tolist():
                close, share = _closest(parts[one], face[other], windows[int(likeness[:, other].argmax())])
                if close > (ALIKE if share >= NEARLY_ALL else ALIKE_IN_PART):
                    matches.append(Match(one, other, close))
    return matches


def _descriptors(images: Thumbnails, reach: Sequence[Interval]) -> Float32[ndarray, "images windows numbers"]:
    """Return each part's low frequencies, as vectors of length 1."""
    cosines = np.stack([_cosines(interval, COARSE) for interval in reach])
    rows = np.einsum("ifs,nst->nift", cosines, images.astype(np.float32), optimize=True)
    both = np.einsum("jgt,nift->nijfg", cosines, rows, optimize=True)
    return _unit(both.reshape(len(images), len(reach) ** 2, *both.shape[-2:]))


def _cosines(interval: Interval, frequencies: int) -> Float32[ndarray, "frequencies 96"]:
    """Return the cosines over a part of the thumbnail's length; pixels at its ends count by what lies inside."""
    start, end = interval
    centre = (np.arange(SIDE) + 0.5) / SIDE
    inside = np.clip(np.minimum(centre + 0.5 / SIDE - start, end - centre + 0.5 / SIDE) * SIDE, 0, 1)
    waves = np.cos(np.pi * np.arange(frequencies)[:, None] * (centre - start) / (end - start))
    return (waves * inside / inside.sum()).astype(np.float32)


def _unit(coefficients: Float32[ndarray, "*some f f"]) -> Float32[ndarray, "*some numbers"]:
    """Keep a quarter disc of frequencies without the mean, weighted by frequency (photographs have 1/f), as a unit."""
    frequency = np.hypot(*np.indices(coefficients.shape[-2:]))
    kept = (frequency > 0) & (frequency < len(frequency))
    vectors = coefficients[..., kept] * frequency[kept].astype(np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)


def _closest(
    image: UInt8[ndarray, "96 96"], whole: UInt8[ndarray, "96 96"], window: Sequence[float]
) -> tuple[float, float]:
    """Return the likeness of ``whole`` to the best part of ``image`` near ``window`` (top, bottom, left, right), and
    the smaller share of the image's sides that this part has."""
    pixels, wanted = image.astype(np.float32), _unit(_dct(whole.astype(np.float32), np.array([0.0, 1.0, 0.0, 1.0])))

    def unlikeness(edges: Float[ndarray, "4"]) -> float:
        outside = max(-edges.min(), edges.max() - 1)
        inner = edges.clip(0, 1)
        if outside > 0.02 or _share(inner) < 0.4:
            return 1.0
        return -float(_unit(_dct(pixels, inner)) @ wanted)

    first = np.array(window)
    steps = np.diag([0.03, -0.03, 0.03, -0.03])  # inwards
    options = {"initial_simplex": np.vstack([first, first + steps]), "maxfev": 160, "xatol": 1e-3, "fatol": 1e-4}
    best = minimize(unlikeness, first, method="Nelder-Mead", options=options)
    return -float(best.fun), _share(best.x.clip(0, 1))


def _share(edges: Float[ndarray, "4"]) -> float:
    top, bottom, left, right = edges.tolist()
    return min(bottom - top, right - left)


def _dct(image: Float32[ndarray, "96 96"], edges: Float[ndarray, "4"]) -> Float32[ndarray, "f f"]:
    top, bottom, left, right = edges.tolist()
    return _cosines((top, bottom), FINE) @ image @ _cosines((left, right), FINE).T
