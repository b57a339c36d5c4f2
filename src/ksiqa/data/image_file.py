"""Image files, read by their content: what a file is called does not matter."""

import errno
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image, UnidentifiedImageError

from ksiqa.data.image_checks import FORMATS, PIXEL_LIMIT, broken, check_file, check_header, check_limit, too_large
from ksiqa.data.jpeg_file import jpeg_pixels
from ksiqa.errors import DatasetError, ImageError

# Names that are taken for images where a folder is searched; a file that is named one by one may have any name.
SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".webp", ".avif"),
    *(".tif", ".tiff", ".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm"),
)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # EXIF tag 0x0112

BITS_PER_SAMPLE, PHOTOMETRIC = 258, 262  # TIFF tags

# What is wrong with the machine or the way to the file, not with the file: a sound image must not be called broken.
_NOT_THE_FILE = (errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM, errno.ESTALE, errno.ETIMEDOUT)


def read_image(path: Path, *, pixel_limit: int = PIXEL_LIMIT) -> UInt8[ndarray, "height width 3"]:
    """Read a file as RGB, 8 bits a channel.

    EXIF orientation is applied (an EXIF block that cannot be parsed has none), colour profiles are not.
    Grey and palette become RGB; alpha is laid over white; of 16 bits (a grey TIFF's 12) the upper eight are kept, for
    grey as for colour; CMYK is converted without a profile. Of a phone's multi-picture JPEG the photograph is read.
    Damage is an error wherever the format lets one know of it; a BMP's pixels, for one, can be any bytes.

    Raises:
        ImageError: no such file, no image, broken, too large, animated, or of numbers without a known range.
        ConfigError: a limit that is no positive whole number, or above ``PIXEL_LIMIT``.
        OSError, MemoryError: the machine lacks memory or file handles, or the disk fails; the file may be sound.
    """
    with _opened(path, pixel_limit, whole=True) as (image, content):
        pixels = _decoded(image, content, path)
        turn = _UPRIGHT.get(_orientation(image))  # after decoding, in which Pillow turns a TIFF by itself
        return pixels if turn is None else np.array(Image.fromarray(pixels).transpose(turn))


def image_size(path: Path, *, pixel_limit: int = PIXEL_LIMIT) -> tuple[int, int]:
    """Return (width, height) of the image that ``read_image`` would return, without decoding it.

    Raises:
        ImageError: as for ``read_image``, for what can be seen without decoding.
        ConfigError, OSError, MemoryError: as for ``read_image``.
    """
    with _opened(path, pixel_limit, whole=False) as (image, _):
        width, height = image.size
        turned = _orientation(image) >= 5 and image.format != "TIFF"  # Pillow states a TIFF's size upright
        return (height, width) if turned else (width, height)


def images_in(folder: Path) -> list[Path]:
    """List the files of a folder and its subfolders that are named as images, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def check_names(paths: Iterable[Path]) -> None:
    """Require names in UTF-8: splits and the index of known images hold no others.

    Raises:
        DatasetError: one is not.
    """
    for path in paths:
        name = os.fsencode(path).decode(errors="backslashreplace")
        if name != str(path):
            raise DatasetError(found=f"the name {name}", expected="names in UTF-8", do="rename the file")


@contextmanager
def _opened(path: Path, pixel_limit: int, *, whole: bool) -> Iterator[tuple[Image.Image, bytes]]:
    """Open an image, and read its file ``whole`` (else: b""); turn what is raised on a bad one into an ImageError."""
    check_limit(pixel_limit)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata and of sizes; what breaks pixels is raised
            check_file(path)
            with path.open("rb") as file:
                content = file.read() if whole else b""
                with Image.open(BytesIO(content) if whole else file, formats=FORMATS) as image:
                    check_header(image, path, pixel_limit)
                    yield image, content
    except (ImageError, MemoryError):
        raise
    except FileNotFoundError:
        raise ImageError(
            found=f"no file {path}", expected="an image file", do="correct the path or restore the file"
        ) from None
    except Image.DecompressionBombError as error:
        raise too_large(path, str(error), pixel_limit) from error
    except UnidentifiedImageError as error:
        raise broken(path, "no image format that is known") from error
    except Exception as error:  # decoders raise many types on broken bytes
        if isinstance(error, OSError) and error.errno in _NOT_THE_FILE:
            raise
        raise broken(path, str(error) or type(error).__name__) from error


def _decoded(image: Image.Image, content: bytes, path: Path) -> UInt8[ndarray, "height width 3"]:
    """Decode an image as RGB, not yet upright."""
    if image.format in ("JPEG", "MPO"):
        return jpeg_pixels(image, content)
    if image.format == "PNG":
        with Image.open(BytesIO(content), formats=("PNG",)) as again:
            again.verify()  # the checksums, which Pillow leaves out where it decodes
    image.load()
    return np.array(as_rgb(image, path))


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # broken EXIF beside sound pixels: nothing would turn such an image
        return 1


def upright(image: Image.Image, *, told_by: Image.Image) -> Image.Image:
    """Return an image turned as the EXIF orientation of the one that it was made from says."""
    turn = _UPRIGHT.get(_orientation(told_by))
    return image if turn is None else image.transpose(turn)


def as_rgb(image: Image.Image, path: Path) -> Image.Image:
    """Return an image as RGB; see ``read_image``. ``path`` is named in the error.

    Raises:
        ImageError: of numbers without a known range.
    """
    sixteen_bits = image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM")
    if (image.mode in ("I", "F") and not sixteen_bits) or (sixteen_bits and image.has_transparency_data):
        raise ImageError(
            found=f"{path}: pixels of Pillow's mode {image.mode}, whose black and white are not defined",
            expected="8 bits a channel, or 16 bits without transparency",
            do="convert the file to 8 bits a channel",
        )
    if sixteen_bits:
        image = Image.fromarray(_upper_bits(image))
    if image.has_transparency_data:
        over = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    return image.convert("RGB")


def _upper_bits(image: Image.Image) -> UInt8[ndarray, "height width"]:
    """Return the upper eight bits of grey values. Pillow gives a TIFF's as they are in the file: of twelve bits, or
    with 0 for white."""
    tags = getattr(image, "tag_v2", {})
    (bits, *_), white_is_zero = tags.get(BITS_PER_SAMPLE, (16,)), tags.get(PHOTOMETRIC) == 0
    grey = (np.asarray(image) >> (bits - 8)).astype(np.uint8)
    return 255 - grey if white_is_zero else grey
