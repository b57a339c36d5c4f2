"""Files that are odd, hostile or no files: what is read of them, and what is refused before it costs anything."""

import os
import re
import resource
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from ksiqa.data.image_checks import FILE_LIMIT
from ksiqa.data.image_file import image_size, read_image
from ksiqa.errors import ImageError, printable

SMOOTH = np.linspace(0, 255, 40 * 60 * 3).reshape(40, 60, 3).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def jpeg(**options: object) -> bytes:
    return encoded(Image.fromarray(SMOOTH), "JPEG", **options)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (1, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF"])
def test_one_row_or_column(tmp_path: Path, shape: tuple[int, int], kind: str) -> None:
    path = written(tmp_path / "a", encoded(Image.new("RGB", shape[::-1], "white"), kind))
    assert read_image(path).shape == (*shape, 3)
    assert read_image(path).min() == 255
    assert image_size(path) == shape[::-1]


def exif_that_points_at_itself() -> bytes:
    """An IFD of 4,000 entries, among them its own address as that of the EXIF IFD, and as the next IFD."""
    entries = struct.pack(">HHII", 0x8769, 4, 1, 8) + struct.pack(">HHII", 0x9999, 2, 2**31, 8) * 3999
    return b"Exif\0\0MM\0\x2a\0\0\0\x08" + struct.pack(">H", 4000) + entries + struct.pack(">I", 8)


@pytest.mark.parametrize("exif", [exif_that_points_at_itself(), b"Exif\0\0MM\0\x2a\0\0\0\x08" + b"\xff" * 65_000])
def test_huge_and_malformed_exif_beside_a_sound_picture(tmp_path: Path, exif: bytes) -> None:
    path = written(tmp_path / "a.jpg", jpeg(exif=exif))
    np.testing.assert_array_equal(read_image(path), read_image(written(tmp_path / "b.jpg", jpeg())))
    assert image_size(path) == (60, 40)


@pytest.mark.parametrize("name", [b"zTXt", b"iTXt", b"iCCP"])
def test_a_text_chunk_that_grows_is_refused_or_left_out_in_little_memory(tmp_path: Path, name: bytes) -> None:
    """An eighth of a gigabyte of zeros in an eighth of a megabyte."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(128)) + packer.flush()
    head = {b"zTXt": b"k\0\0", b"iTXt": b"k\0\1\0\0\0", b"iCCP": b"k\0\0"}[name]
    whole = encoded(Image.fromarray(SMOOTH), "PNG")
    path = written(tmp_path / "a.png", whole[:33] + png_chunk(name, head + packed) + whole[33:])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        np.testing.assert_array_equal(read_image(path), SMOOTH)
    except ImageError as error:
        assert "Decompressed data too large" in error.found  # noqa: PT017 (an image that is read is as good)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60 * 1024


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_an_animation_of_one_frame_is_an_image(tmp_path: Path, kind: str) -> None:
    image = Image.fromarray(SMOOTH)
    path = written(tmp_path / "a", encoded(image, kind, save_all=True, duration=100, loop=0))
    assert read_image(path).shape == (40, 60, 3)


@pytest.mark.parametrize("number", [np.nan, np.inf, 0.5])
def test_floats_are_refused_whatever_they_are(tmp_path: Path, number: float) -> None:
    path = written(tmp_path / "a.tif", encoded(Image.fromarray(np.full((4, 4), number, np.float32)), "TIFF"))
    with pytest.raises(ImageError, match="mode F, whose black and white are not defined"):
        read_image(path)


def test_a_palette_with_transparency_is_laid_over_white(tmp_path: Path) -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([200, 0, 0, 0, 200, 0, 0, 0, 0])
    image.putdata([0, 1, 2])
    path = written(tmp_path / "a.png", encoded(image, "PNG", transparency=bytes([0, 255, 51])))
    assert read_image(path)[0].tolist() == [[255, 255, 255], [0, 200, 0], [204, 204, 204]]


def test_cmyk_as_adobe_writes_it(tmp_path: Path) -> None:
    """Inverted: Pillow writes it as Adobe does, with its marker."""
    content = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=100)
    assert b"Adobe" in content
    red = read_image(written(tmp_path / "a.jpg", content))[8, 8]
    assert red[0] > 250
    assert max(red[1:]) < 5
    with pytest.raises(ImageError):
        read_image(written(tmp_path / "b.jpg", content[:-20] + content[-2:]))


def tiff(tags: dict[int, int], pixels: bytes) -> bytes:
    """A TIFF of 2 x 1 pixels of 16-bit colour, with some tags changed."""
    bits, first = 8 + len(pixels), 14 + len(pixels)
    wanted = {256: 2, 257: 1, 258: bits, 259: 1, 262: 2, 273: 8, 277: 3, 278: 1, 279: len(pixels), **tags}
    entries = [struct.pack("<HHII", tag, 3 if tag == 258 else 4, 1 + 2 * (tag == 258), wanted[tag]) for tag in wanted]
    head = b"II*\0" + struct.pack("<I", first) + pixels + struct.pack("<3H", 16, 16, 16)
    return head + struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)


def test_sixteen_bit_colour_of_a_tiff_keeps_its_upper_eight(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", tiff({}, struct.pack("<6H", 0, 255, 256, 0x80FF, 65535, 0x1234)))
    assert read_image(path).ravel().tolist() == [0, 0, 1, 128, 255, 0x12]


@pytest.mark.parametrize(
    "tags",
    [
        {279: 2**31},
        {273: 2**31},
        {273: 2**32 - 1, 279: 2**32 - 1},
        {256: 2**31},
        {257: 0},
        {258: 2**31},
        {277: 9},
        {259: 7},
    ],
)
def test_absurd_tags_of_a_tiff(tmp_path: Path, tags: dict[int, int]) -> None:
    path = written(tmp_path / "a.tif", tiff(tags, bytes(12)))
    try:
        assert read_image(path).tolist() == [[[0, 0, 0], [0, 0, 0]]]
    except ImageError as error:
        assert "a.tif" in error.found  # noqa: PT017 (a byte count that nobody needs may be passed over)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["JPEG2000", "AVIF", "GIF", "WEBP", "TIFF", "PPM", "BMP"])
def test_cut_short(tmp_path: Path, kind: str, share: float) -> None:
    content = encoded(Image.fromarray(SMOOTH), kind)
    with pytest.raises(ImageError, match="a: "):
        read_image(written(tmp_path / "a", content[: int(share * len(content))]))


def test_a_checksum_that_is_wrong(tmp_path: Path) -> None:
    """The pixels' own checksum is in a chunk after them, which is not needed to decode them."""
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in SMOOTH), 0)
    whole = encoded(Image.fromarray(SMOOTH), "PNG")
    content = bytearray(whole[:33] + png_chunk(b"IDAT", rows[:-4]) + png_chunk(b"IDAT", rows[-4:]) + whole[-12:])
    np.testing.assert_array_equal(read_image(written(tmp_path / "a.png", bytes(content))), SMOOTH)
    content[len(content) // 2] ^= 64
    with Image.open(BytesIO(content)) as image:
        image.load()
    with pytest.raises(ImageError, match="broken PNG file"):
        read_image(written(tmp_path / "b.png", bytes(content)))


def test_what_is_no_file(tmp_path: Path) -> None:
    """None is waited for or read without end."""
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    with (tmp_path / "sparse.png").open("wb") as file:
        file.truncate(FILE_LIMIT + 1)
    odd = {"pipe": "a pipe or device", "loop": "symbolic links", "zero": "a pipe or device", "sparse": "bytes, of at"}
    for function in (read_image, image_size):
        for name, text in odd.items():
            with pytest.raises(ImageError, match=f"{name}.png: .*{text}"):
                function(tmp_path / f"{name}.png")
        for path in (tmp_path / ("a" * 5000), tmp_path / "a\0b", tmp_path / "sparse.png" / "a.png"):
            with pytest.raises(ImageError, match=re.escape(printable(str(path)))):
                function(path)


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.png", encoded(Image.fromarray(SMOOTH), "PNG"))
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read everything
        np.testing.assert_array_equal(read_image(path), SMOOTH)
    else:
        with pytest.raises(ImageError, match="Permission denied"):
            read_image(path)


def test_a_colour_profile_is_not_applied_even_if_it_is_broken(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for one in (profile, b"\xff" * 5000):
        path = written(tmp_path / "a.png", encoded(Image.fromarray(SMOOTH), "PNG", icc_profile=one))
        np.testing.assert_array_equal(read_image(path), SMOOTH)
