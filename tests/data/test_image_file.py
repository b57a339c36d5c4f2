import resource
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ksiqa.data.image_file import image_size, read_image
from ksiqa.errors import ConfigError, ImageError
from ksiqa.inference.given_image import pixels_of

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
LOSSLESS = ["png", "bmp", "tif", "ppm", "jp2", "webp"]


def save(path: Path, pixels: np.ndarray = PIXELS, **options: object) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.mark.parametrize("kind", LOSSLESS)
def test_pixels_come_back(tmp_path: Path, kind: str) -> None:
    path = save(tmp_path / f"a.{kind}", **({"lossless": True} if kind == "webp" else {}))
    np.testing.assert_array_equal(read_image(path), PIXELS)
    assert image_size(path) == (30, 20)


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png").rename(tmp_path / "a.jpg")
    np.testing.assert_array_equal(read_image(path), PIXELS)


@pytest.mark.parametrize("kind", ["png", "tif"])
@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, PIXELS),
        (2, PIXELS[:, ::-1]),
        (3, PIXELS[::-1, ::-1]),
        (4, PIXELS[::-1]),
        (5, PIXELS.transpose(1, 0, 2)),
        (6, np.rot90(PIXELS, -1)),
        (7, PIXELS[::-1, ::-1].transpose(1, 0, 2)),
        (8, np.rot90(PIXELS)),
    ],
)
def test_orientation(tmp_path: Path, kind: str, orientation: int, upright: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / f"a.{kind}", exif=exif)
    np.testing.assert_array_equal(read_image(path), upright)
    assert image_size(path) == (upright.shape[1], upright.shape[0])


def test_orientation_in_a_photograph(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / "a.jpg", exif=exif)
    assert read_image(path).shape == (30, 20, 3)
    assert image_size(path) == (20, 30)


def test_broken_exif_has_no_orientation(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0\x2a\0\0\0\x08\xff\xff\x01\x12")
    assert read_image(path).shape == (20, 30, 3)
    assert image_size(path) == (30, 20)


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_and_palette_become_rgb(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(PIXELS).convert(mode)
    image.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), np.asarray(image.convert("RGB")))


def test_alpha_is_laid_over_white(tmp_path: Path) -> None:
    pixels = np.zeros((1, 3, 4), dtype=np.uint8)
    pixels[0, :, 3] = (0, 51, 255)
    np.testing.assert_array_equal(read_image(save(tmp_path / "a.png", pixels))[0, :, 0], [255, 204, 0])


def test_transparent_colour_is_white(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 255]], dtype=np.uint8)).convert("P").save(tmp_path / "a.png", transparency=0)
    assert read_image(tmp_path / "a.png")[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("kind", ["png", "tif", "pgm"])
def test_sixteen_bits_keep_their_upper_eight(tmp_path: Path, kind: str) -> None:
    ramp = np.array([[0, 255, 256, 0x80FF, 65535]], dtype=np.uint16)
    assert read_image(save(tmp_path / f"a.{kind}", ramp))[0, :, 1].tolist() == [0, 0, 1, 128, 255]


@pytest.mark.parametrize(
    ("bits", "packed", "white", "expected"),
    [
        (12, bytes([0x00, 0x0F, 0xFF, 0x80, 0x10, 0x10]), 4095, [0, 255, 128, 1]),
        (16, struct.pack("<4H", 0, 65535, 0x80FF, 256), 0, [255, 0, 127, 254]),
    ],
)
def test_a_grey_tiff_of_twelve_bits_or_with_zero_for_white(
    tmp_path: Path, bits: int, packed: bytes, white: int, expected: list[int]
) -> None:
    """Written by hand: Pillow writes none."""
    image = tiff(tmp_path / "a.tif", packed, size=(4, 1), bits=bits, photometric=int(white > 0))
    assert read_image(image)[0, :, 0].tolist() == expected
    with Image.open(image) as opened:
        opened.load()
        assert pixels_of(opened)[0, :, 2].tolist() == expected


def tiff(path: Path, content: bytes, *, size: tuple[int, int], bits: int, photometric: int) -> Path:
    width, height = size
    values = {256: width, 257: height, 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1, 278: height}
    entries = [struct.pack("<2H2I", tag, 4, 1, value) for tag, value in {**values, 279: len(content)}.items()]
    head = b"II*\0" + struct.pack("<I", 8 + len(content))
    path.write_bytes(head + content + struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4))
    return path


def test_sixteen_bit_colour_is_treated_as_grey_is(tmp_path: Path) -> None:
    """Written by hand: Pillow writes no such PNG."""
    row = b"\0" + struct.pack(">6H", 0, 255, 256, 0x80FF, 65535, 0x1234)
    chunks = [(b"IHDR", struct.pack(">2I5B", 2, 1, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(row)), (b"IEND", b"")]
    content = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    assert read_image(tmp_path / "a.png").ravel().tolist() == [0, 0, 1, 128, 255, 0x12]


def test_cmyk(tmp_path: Path) -> None:
    Image.new("CMYK", (2, 2), (0, 255, 255, 0)).save(tmp_path / "a.tif")
    assert read_image(tmp_path / "a.tif")[0, 0].tolist() == [255, 0, 0]


def test_photograph_of_a_multi_picture_file(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (8, 8), "white"), Image.new("RGB", (4, 4), "black")
    first.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[second])
    assert read_image(tmp_path / "a.jpg").tolist() == np.full((8, 8, 3), 255).tolist()


@pytest.mark.parametrize("kind", ["gif", "webp", "tif"])
def test_several_frames(tmp_path: Path, kind: str) -> None:
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    frames[0].save(tmp_path / f"a.{kind}", save_all=True, append_images=frames[1:])
    for function in (read_image, image_size):
        with pytest.raises(ImageError, match=rf"a.{kind}: 2 frames or pages\nexpected: a file with a single image"):
            function(tmp_path / f"a.{kind}")


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_numbers_without_a_known_range(tmp_path: Path, dtype: type) -> None:
    with pytest.raises(ImageError, match="whose black and white are not defined"):
        read_image(save(tmp_path / "a.tif", np.full((2, 2), 0.5 if dtype is np.float32 else 7, dtype=dtype)))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", r"a.png: an empty file \(0 bytes\)"),
        (b"image", "a.png: no image format that is known"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "a.png: no image format that is known"),
        (b"\x89PNG\r\n\x1a\n", "a.png: "),
    ],
)
def test_no_image(tmp_path: Path, content: bytes, text: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ImageError, match=text) as error:
        read_image(tmp_path / "a.png")
    assert "an image that can be decoded to its end" in error.value.expected
    assert error.value.do == "restore the file from its archive, or take it out"


@pytest.mark.parametrize("kind", ["png", "jpg", "bmp", "webp", "tif", "jp2"])
def test_truncated(tmp_path: Path, kind: str) -> None:
    path = save(tmp_path / f"a.{kind}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ImageError, match=f"a.{kind}: "):
        read_image(path)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"no file .*a.png"):
        read_image(tmp_path / "a.png")
    with pytest.raises(ImageError, match="a folder"):
        read_image(tmp_path)


@pytest.mark.parametrize("function", [read_image, image_size])
def test_too_many_pixels(tmp_path: Path, function: Callable[..., object]) -> None:
    path = save(tmp_path / "a.png")
    function(path, pixel_limit=600)
    with pytest.raises(
        ImageError, match=r"a.png: 30x20 pixels\nexpected: at most 599 pixels\n.*, or allow more pixels"
    ):
        function(path, pixel_limit=599)
    for limit, text in ((0, "pixel_limit=0\nexpected: 1 or more"), (2**31, "at most 178956970: Pillow refuses more")):
        with pytest.raises(ConfigError, match=text):
            function(path, pixel_limit=limit)


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    header = struct.pack(">2I5B", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 9) + b"IDAT")
    with pytest.raises(ImageError, match="400000000 pixels"):
        read_image(tmp_path / "a.png")


def test_a_sound_file_is_not_called_broken_where_file_handles_are_short(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        for function in (read_image, image_size):
            with pytest.raises(OSError, match="Too many open files"):
                function(path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    np.testing.assert_array_equal(read_image(path), PIXELS)


SHORT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from ksiqa.data.image_file import read_image
path = Path(sys.argv[1])
read_image(path.with_name("small" + path.suffix))  # whatever is imported then
taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + 40 * 2**20, resource.RLIM_INFINITY))
try:
    read_image(path)
except MemoryError:
    print("MemoryError")
"""


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_a_sound_file_is_not_called_broken_where_memory_is_short(tmp_path: Path, kind: str) -> None:
    save(tmp_path / f"small.{kind}")
    Image.new("RGB", (6000, 6000)).save(tmp_path / f"large.{kind}")
    command = [sys.executable, "-c", SHORT_OF_MEMORY, str(tmp_path / f"large.{kind}")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("MemoryError\n", 0), done.stderr
