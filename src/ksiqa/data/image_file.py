"""Image files, read by their content: what a file is called does not matter."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image, UnidentifiedImageError

from ksiqa.errors import ImageError

# Formats that Pillow decodes by itself; without this list it would start Ghostscript for EPS.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "AVIF", "TIFF", "JPEG2000", "PPM")

# Names that are taken for images where a folder is searched; a file that is named one by one may have any name.
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".avif", ".tif", ".tiff", ".jp2", ".ppm", ".pgm")

# Pillow refuses more as a likely decompression bomb; half a gigabyte as RGB. The largest photographs of the
# sets (SPAQ) have a tenth of it.
PIXEL_LIMIT = 178_956_970

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # EXIF tag 0x0112


def read_image(path: Path, *, pixel_limit: int | None = None) -> UInt8[ndarray, "height width 3"]:
    """Read a file as RGB, 8 bits a channel.

    EXIF orientation is applied (an EXIF block that cannot be parsed has none), colour profiles are not.
    Grey and palette become RGB; alpha is laid over white; of 16 bits the upper eight are kept, for grey as
    for colour; CMYK is converted without a profile. Of a phone's multi-picture JPEG the photograph is read.

    Raises:
        ImageError: no such file, no image, broken, too large, animated, or of numbers without a known range.
    """
    with _opened(path, pixel_limit) as image:
        image.load()
        return np.array(_as_rgb(_upright(image), path))


def image_size(path: Path) -> tuple[int, int]:
    """Return (width, height) of the image that ``read_image`` would return, without decoding it.

    Raises:
        ImageError: as for ``read_image``, for what can be seen without decoding.
    """
    with _opened(path) as image:
        width, height = image.size
        turned = _orientation(image) >= 5 and image.format != "TIFF"  # Pillow states a TIFF's size upright
        return (height, width) if turned else (width, height)


def images_in(folder: Path) -> list[Path]:
    """List the files of a folder and its subfolders that are named as images, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


@contextmanager
def _opened(path: Path, pixel_limit: int | None = None) -> Iterator[Image.Image]:
    """Open a file and turn whatever Pillow raises on it into an ImageError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata and of sizes; what breaks pixels is raised
            with Image.open(path, formats=FORMATS) as image:
                _check_header(image, path, pixel_limit or PIXEL_LIMIT)
                yield image
    except ImageError:
        raise
    except FileNotFoundError:
        raise ImageError(
            found=f"no file {path}", expected="an image file", do="correct the path or restore the file"
        ) from None
    except Image.DecompressionBombError as error:
        raise _too_large(path, str(error)) from error
    except Exception as error:  # Pillow's decoders raise many types on broken bytes
        raise ImageError(
            found=f"{path}: {_what_is_wrong(path, error)}",
            expected="an image that can be decoded to its end (" + ", ".join(FORMATS) + ")",
            do="restore the file from its archive, or take it out",
        ) from error


def _check_header(image: Image.Image, path: Path, pixel_limit: int) -> None:
    if image.width * image.height > pixel_limit:
        raise _too_large(path, f"{image.width}x{image.height} pixels")
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise ImageError(
            found=f"{path}: {image.n_frames} frames or pages",  # type: ignore[attr-defined]
            expected="a file with a single image",
            do="save the frame that is meant as a file of its own",
        )


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # broken EXIF beside sound pixels: nothing would turn such an image
        return 1


def _upright(image: Image.Image) -> Image.Image:
    turn = _UPRIGHT.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _as_rgb(image: Image.Image, path: Path) -> Image.Image:
    sixteen_bits = image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM")
    if (image.mode in ("I", "F") and not sixteen_bits) or (sixteen_bits and image.has_transparency_data):
        raise ImageError(
            found=f"{path}: pixels of Pillow's mode {image.mode}, whose black and white are not defined",
            expected="8 bits a channel, or 16 bits without transparency",
            do="convert the file to 8 bits a channel",
        )
    if sixteen_bits:
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        over = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    return image.convert("RGB")


def _too_large(path: Path, what: str) -> ImageError:
    return ImageError(
        found=f"{path}: {what}",
        expected=f"at most {PIXEL_LIMIT:,} pixels",
        do="check the file; if it is sound, cut or reduce it first",
    )


def _what_is_wrong(path: Path, error: Exception) -> str:
    if path.is_dir():
        return "a folder"
    if path.is_file() and path.stat().st_size == 0:
        return "an empty file (0 bytes)"
    if isinstance(error, UnidentifiedImageError):
        return "no image format that is known"
    return str(error) or type(error).__name__
