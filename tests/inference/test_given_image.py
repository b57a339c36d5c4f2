"""Images as users hand them in."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ksiqa.errors import ImageError
from ksiqa.inference.given_image import pixels_of

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
GREY = PIXELS[..., 0]
ALPHA = np.dstack([np.zeros((1, 3, 3), dtype=np.uint8), np.array([[0, 51, 255]], dtype=np.uint8)])


def _tensor(values):
    return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))


@pytest.mark.parametrize(
    "given",
    [
        PIXELS,
        PIXELS.astype(np.uint16) * 256 + 255,
        PIXELS / 255,
        (PIXELS / 255).astype(np.float32),
        _tensor(PIXELS),
        _tensor(PIXELS).float() / 255,
        _tensor(PIXELS).double() / 255,
        (_tensor(PIXELS).float() / 255).requires_grad_(),
        PIXELS[::-1, ::-1].copy()[::-1, ::-1],
        Image.fromarray(PIXELS),
    ],
)
def test_one_image_in_many_forms(given):
    np.testing.assert_array_equal(pixels_of(given), PIXELS)


def test_half_precision_comes_within_a_step():
    found = pixels_of((_tensor(PIXELS).float() / 255).bfloat16())
    assert np.abs(found.astype(int) - PIXELS).max() <= 1


@pytest.mark.parametrize("given", [GREY, GREY[..., None], torch.from_numpy(GREY), torch.from_numpy(GREY)[None]])
def test_grey(given):
    np.testing.assert_array_equal(pixels_of(given), np.repeat(GREY[..., None], 3, axis=2))


@pytest.mark.parametrize("given", [ALPHA, _tensor(ALPHA), Image.fromarray(ALPHA)])
def test_alpha_is_laid_over_white(given):
    assert pixels_of(given)[0, :, 0].tolist() == [255, 204, 0]


def test_a_file_and_the_image_that_pillow_opens_are_the_same(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("a.png", "a.tif", "a.jpg"):
        Image.fromarray(PIXELS).save(tmp_path / name, exif=exif)
        read = pixels_of(tmp_path / name)
        assert read.shape == (30, 20, 3)
        np.testing.assert_array_equal(pixels_of(str(tmp_path / name)), read)
        with Image.open(tmp_path / name) as opened:
            np.testing.assert_array_equal(pixels_of(opened), read)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("https://example.org/a.png", "https://example.org/a.png\nexpected: a file on this machine\ndo: download"),
        (PIXELS[None], "array of shape 1 x 20 x 30 x 3\nexpected: height x width, or height x width x 1, 3 or 4"),
        (PIXELS.transpose(2, 0, 1), "array of shape 3 x 20 x 30"),
        (torch.from_numpy(PIXELS), "tensor of shape 20 x 30 x 3\nexpected: height x width, or 1, 3 or 4 x height"),
        (np.zeros((0, 5, 3)), "array of shape 0 x 5 x 3"),
        (PIXELS.astype(int), "array of int64\nexpected: uint8, uint16, or floating point in [0, 1]"),
        (PIXELS > 9, "array of bool"),
        (PIXELS.astype(float), "array of float64 from 0 to 255\nexpected: numbers from 0 (black) to 1 (white)"),
        (PIXELS / 255 - 0.1, "array of float64 from -0.1 to 0.9"),
        (np.full((3, 3), np.nan), "array of float64 from nan to nan"),
        (_tensor(PIXELS).float() * np.inf, "tensor of float32 from nan to nan"),
        (7, "an image of type int\nexpected: a path, an image of Pillow, a numpy array or a torch tensor"),
        (Path("none.png"), "no file none.png"),
        (Image.new("F", (3, 3)), "pixels of Pillow's mode F, whose black and white are not defined"),
    ],
)
def test_what_is_refused(given, found):
    with pytest.raises(ImageError) as error:
        pixels_of(given)
    assert found in str(error.value)


def test_a_broken_file_that_pillow_has_opened(tmp_path):
    file = tmp_path / "a.png"
    Image.fromarray(PIXELS).save(file)
    file.write_bytes(file.read_bytes()[:600])
    with Image.open(file) as opened, pytest.raises(ImageError, match=r"a\.png: "):
        pixels_of(opened)


def test_more_pixels_than_the_limit(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    for given in (tmp_path / "a.png", Image.fromarray(PIXELS)):
        with pytest.raises(ImageError, match="30x20 pixels"):
            pixels_of(given, pixel_limit=599)


def test_what_is_refused_as_a_file_is_refused_as_pillow_opens_it(tmp_path):
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (90, 90, 3), dtype=np.uint8))
    noise.save(tmp_path / "cut.jpg")
    content = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(content[: len(content) // 2] + content[-2:])
    noise.save(tmp_path / "two.gif", save_all=True, append_images=[noise.rotate(90)])
    for name, text in {"cut.jpg": "Corrupt JPEG data", "two.gif": "2 frames or pages"}.items():
        with Image.open(tmp_path / name) as opened, pytest.raises(ImageError, match=rf"{name}: .*{text}"):
            pixels_of(opened)


def test_frames_in_memory(tmp_path):
    content = BytesIO()
    Image.fromarray(PIXELS).save(content, "GIF", save_all=True, append_images=[Image.fromarray(255 - PIXELS)])
    with Image.open(content) as opened, pytest.raises(ImageError, match="an image in memory: 2 frames or pages"):
        pixels_of(opened)


def test_an_image_that_was_changed_after_loading_is_taken_as_it_is(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as opened:
        opened.load()
        opened.paste("white", (0, 0, 30, 20))
        assert pixels_of(opened).min() == 255


@pytest.mark.parametrize("kind", ["gif", "ico", "webp", "mpo"])
def test_an_image_that_was_loaded_and_closed(tmp_path, kind):
    Image.new("RGB", (16, 16), "white").save(tmp_path / f"a.{kind}")
    with Image.open(tmp_path / f"a.{kind}") as opened:
        assert pixels_of(opened).min() == 255
        opened.load()
    assert pixels_of(opened).min() == 255
