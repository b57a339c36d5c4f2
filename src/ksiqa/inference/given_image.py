"""Images as users hand them in: files, Pillow's, arrays, tensors; all become RGB, 8 bits a channel.

| given | is taken for |
| --- | --- |
| a path | what ``read_image`` makes of the file |
| an image of Pillow | the same: of its file until it is loaded, then turned if it still carries an EXIF orientation |
| an array | height x width, height x width x 1, 3 or 4 |
| a tensor | height x width, 1, 3 or 4 x height x width |

Numbers are uint8, uint16 (the upper eight bits count) or floating point in [0, 1]. One channel is grey; a fourth is
alpha, laid over white.
"""

from contextlib import suppress
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image, ImageFile
from torch import Tensor

from ksiqa.data.image_checks import FORMATS, PIXEL_LIMIT, check_header, check_limit
from ksiqa.data.image_file import as_rgb, read_image, upright
from ksiqa.errors import ImageError

Given = Path | str | Image.Image | ndarray | Tensor


def pixels_of(image: object, *, pixel_limit: int = PIXEL_LIMIT) -> UInt8[ndarray, "height width 3"]:
    """Return an image's pixels.

    Raises:
        ImageError: it cannot be read, or it is of another shape, kind of number or range; the text says which.
        ConfigError: see ``read_image``.
    """
    if isinstance(image, str) and "://" in image:
        raise ImageError(found=image, expected="a file on this machine", do="download it first")
    if isinstance(image, str | Path):
        return read_image(Path(image).expanduser(), pixel_limit=pixel_limit)
    if isinstance(image, Image.Image):
        return _of_pillow(image, pixel_limit)
    if isinstance(image, Tensor):
        values = image.detach().cpu()
        values = values.float() if values.is_floating_point() else values  # numpy knows no bfloat16
        return _of_array(values.numpy(), "tensor", channels_first=True)
    if isinstance(image, ndarray):
        return _of_array(image, "array", channels_first=False)
    raise ImageError(
        found=f"an image of type {type(image).__name__}",
        expected="a path, an image of Pillow, a numpy array or a torch tensor",
        do="convert it first",
    )


def _of_pillow(image: Image.Image, pixel_limit: int) -> UInt8[ndarray, "height width 3"]:
    name = Path(getattr(image, "filename", "") or "an image in memory")
    unloaded = isinstance(image, ImageFile.ImageFile) and image.fp is not None
    if unloaded and image.format in (*FORMATS, "MPO") and name.is_file():
        return read_image(name, pixel_limit=pixel_limit)  # whose checks Pillow's own reading lacks
    check_limit(pixel_limit)
    try:
        with suppress(ValueError):  # a GIF that was loaded and closed no longer tells its frames
            check_header(image, name, pixel_limit)
        image.load()  # first: Pillow turns a TIFF by itself
        return np.array(upright(as_rgb(image, name), told_by=image))
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # decoders raise many types on broken bytes
        raise ImageError(
            found=f"{name}: {error or type(error).__name__}",
            expected="an image that can be decoded to its end",
            do="restore the file from its archive, or take it out",
        ) from error


def _of_array(values: ndarray, kind: str, *, channels_first: bool) -> UInt8[ndarray, "height width 3"]:
    given = values.shape
    if values.ndim == 2:
        values = values[..., None]
    elif channels_first and values.ndim == 3:
        values = values.transpose(1, 2, 0)
    if values.ndim != 3 or values.shape[2] not in (1, 3, 4) or 0 in values.shape:
        form = "1, 3 or 4 x height x width" if channels_first else "height x width x 1, 3 or 4"
        raise ImageError(
            found=f"{kind} of shape {' x '.join(map(str, given))}",
            expected=f"height x width, or {form}",
            do="turn the axes; several images are a list",
        )
    pixels = _bytes(values, kind)
    if pixels.shape[2] == 3:
        return np.ascontiguousarray(pixels)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    return np.array(as_rgb(image, Path("an image in memory")))


def _bytes(values: ndarray, kind: str) -> UInt8[ndarray, "height width channels"]:
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.uint16:
        return (values >> 8).astype(np.uint8)
    if not np.issubdtype(values.dtype, np.floating):
        raise ImageError(
            found=f"{kind} of {values.dtype}",
            expected="uint8, uint16, or floating point in [0, 1]",
            do="convert it: which number is white is not known",
        )
    least, most = values.min(), values.max()
    if not (least >= 0 and most <= 1):  # NaN too
        raise ImageError(
            found=f"{kind} of {values.dtype} from {least:g} to {most:g}",
            expected="numbers from 0 (black) to 1 (white)",
            do="divide by what white is, such as 255; undo a normalisation",
        )
    return np.round(values.astype(np.float64) * 255).astype(np.uint8)
