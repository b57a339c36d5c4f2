"""What counts as one picture: copies of real photographs, and photographs that only resemble one another."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from ksiqa.data.likeness import alike, thumbnail
from ksiqa.data.synthetic.demo_photographs import demo_photographs

PHOTOGRAPHS = list(demo_photographs().values())
NAMES = list(demo_photographs())


def _jpeg(image):
    file = BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=50)
    return Image.open(file)


def _cut(image, left, top, right, bottom):
    width, height = image.size
    return image.crop((round(left * width), round(top * height), round(right * width), round(bottom * height)))


SMALL = {
    "q50": _jpeg,
    "half": lambda image: image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "mirror": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "centre": lambda image: _cut(image, 0.05, 0.05, 0.95, 0.95),
    "corner": lambda image: _cut(image, 0, 0.1, 0.9, 1),
    "foot": lambda image: _cut(image, 0, 0, 1, 0.92),
    "all": lambda image: _jpeg(SMALL["half"](SMALL["grey"](SMALL["mirror"](_cut(image, 0.03, 0.06, 0.95, 0.98))))),
}
REAL = {  # as one set shows parts of another set's photographs, at another scale
    "two thirds": lambda image: _cut(image, 0.2, 0.1, 0.867, 0.85),
    "half the height": lambda image: _cut(image, 0, 0.3, 1, 0.82).resize((480, 300), Image.Resampling.BICUBIC),
}


def _thumbnails(images):
    return np.stack([thumbnail(np.asarray(image.convert("RGB"))) for image in images])


def _found(copies):
    """Return which copies are found to be their photograph, and whether any is found to be another one."""
    matches = alike(_thumbnails(map(Image.fromarray, PHOTOGRAPHS)), _thumbnails(copies))
    pairs = {(match.one, match.other) for match in matches}
    return {NAMES[one] for one, other in pairs if one == other}, [pair for pair in pairs if pair[0] != pair[1]]


@pytest.mark.parametrize("kind", SMALL)
def test_every_copy_is_found_and_no_other(kind):
    found, false = _found([SMALL[kind](Image.fromarray(image)) for image in PHOTOGRAPHS])
    assert found == set(NAMES)
    assert not false


@pytest.mark.parametrize("kind", REAL)
def test_real_crops_of_few_photographs_are_found(kind):
    found, false = _found([REAL[kind](Image.fromarray(image)) for image in PHOTOGRAPHS])
    assert found >= set(NAMES) - {"brick", "grass", "gravel"}  # textures look the same everywhere
    assert not false


def test_photographs_are_not_one_another():
    assert alike(_thumbnails(map(Image.fromarray, PHOTOGRAPHS))) == []


def test_a_copy_within_a_set():
    images = [Image.fromarray(image) for image in PHOTOGRAPHS[:4]]
    (match,) = alike(_thumbnails([*images, SMALL["all"](images[2])]))
    assert (match.one, match.other) == (2, 4)
    assert match.likeness > 0.95


def test_blank_images_are_nobodys_copy():
    blank = np.stack([np.full((96, 96), value, dtype=np.uint8) for value in (0, 128, 255)])
    assert alike(blank) == []
    assert alike(blank, _thumbnails(map(Image.fromarray, PHOTOGRAPHS))) == []
