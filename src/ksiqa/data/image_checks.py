"""What is checked before an image is decoded, and the errors that say what is wrong with a file."""

from pathlib import Path
from stat import S_ISDIR, S_ISREG

from PIL import Image

from ksiqa.errors import ConfigError, ImageError, whole_number

# Formats that Pillow decodes by itself; without this list it would start Ghostscript for EPS.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "AVIF", "TIFF", "JPEG2000", "PPM")

# Pillow refuses more as a likely decompression bomb; half a gigabyte as RGB. The largest photographs of the
# sets (SPAQ) have a tenth of it.
PIXEL_LIMIT = 178_956_970

FILE_LIMIT = 2**31  # bytes; an image of so many pixels has less in any format, and files are read whole


def check_limit(pixel_limit: int) -> None:
    """Require a limit that Pillow does not undercut.

    Raises:
        ConfigError: no positive whole number, or above ``PIXEL_LIMIT``.
    """
    whole_number(pixel_limit, least=1, name="pixel_limit")
    if pixel_limit > PIXEL_LIMIT:
        raise ConfigError(
            found=f"pixel_limit={pixel_limit}",
            expected=f"at most {PIXEL_LIMIT}: Pillow refuses more as a decompression bomb",
            do=f"set pixel_limit={PIXEL_LIMIT} or less",
        )


def check_file(path: Path) -> None:
    """Require a file that can be read to its end: a pipe or a device may have none.

    Raises:
        OSError: it is not there, or its folder is closed.
        ImageError: a folder, pipe or device, or empty or too large.
    """
    status = path.stat()
    if S_ISDIR(status.st_mode):
        raise ImageError(found=f"{path}: a folder", expected="an image file", do="name the files that are in it")
    if not S_ISREG(status.st_mode):
        raise broken(path, "a pipe or device")
    if status.st_size == 0:
        raise broken(path, "an empty file (0 bytes)")
    if status.st_size > FILE_LIMIT:
        raise broken(path, f"{status.st_size:,} bytes, of at most {FILE_LIMIT:,}")


def check_header(image: Image.Image, path: Path, pixel_limit: int) -> None:
    """Require a single image of no more than so many pixels.

    Raises:
        ImageError: it is not.
    """
    if image.width * image.height > pixel_limit:
        raise too_large(path, f"{image.width}x{image.height} pixels", pixel_limit)
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise ImageError(
            found=f"{path}: {image.n_frames} frames or pages",  # type: ignore[attr-defined]  # of animations alone
            expected="a file with a single image",
            do="save the frame that is meant as a file of its own",
        )


def broken(path: Path, what: str) -> ImageError:
    """Return the error of a file that holds no image that can be decoded."""
    return ImageError(
        found=f"{path}: {what}",
        expected="an image that can be decoded to its end (" + ", ".join(FORMATS) + ")",
        do="restore the file from its archive, or take it out",
    )


def too_large(path: Path, what: str, pixel_limit: int) -> ImageError:
    """Return the error of an image above the limit."""
    return ImageError(
        found=f"{path}: {what}",
        expected=f"at most {pixel_limit:,} pixels",
        do="check the file; if it is sound, cut or reduce it first"
        + (f", or allow more pixels (up to {PIXEL_LIMIT:,})" if pixel_limit < PIXEL_LIMIT else ""),
    )
