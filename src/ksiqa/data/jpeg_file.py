"""JPEG files decoded strictly: what libjpeg only warns of, and Pillow therefore hides, is an error here."""

import re

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

SCAN_LIMIT = 100  # of a progressive file; encoders write about ten, and each costs a pass over the whole picture

# What is said of headers that some cameras and programs write beside a sound picture.
_HARMLESS = ("Invalid SOS parameters", "unknown JFIF revision", "Unknown Adobe color transform", "bad ICC marker")
_UNKNOWN = "Could not determine subsampling"  # rare ones that TurboJPEG does not decode
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0x(..)")


def jpeg_pixels(image: Image.Image, content: bytes) -> UInt8[ndarray, "height width 3"]:
    """Decode the whole file ``content``, of which Pillow has read the header, to the RGB that Pillow would give.

    Raises:
        ValueError: the picture is damaged, or has more scans than a picture needs.
    """
    scans = content.count(b"\xff\xda")  # compressed data has no such bytes
    if image.info.get("progressive") and scans > SCAN_LIMIT:
        raise ValueError(f"{scans} scans, of at most {SCAN_LIMIT}")
    try:
        return _as_pillow_would(image, content)
    except ValueError as error:
        if _UNKNOWN not in str(error):
            raise
    return np.array(image.convert("RGB"))  # unchecked


def _as_pillow_would(image: Image.Image, content: bytes) -> UInt8[ndarray, "height width 3"]:
    if image.mode != "CMYK":
        return _decoded(content, "RGB")
    inks = 255 - _decoded(content, "CMYK")  # stored inverted, as Adobe's programs do
    return np.array(Image.frombytes("CMYK", image.size, inks.tobytes()).convert("RGB"))


def _decoded(content: bytes, colours: str) -> UInt8[ndarray, "height width channels"]:
    try:
        return simplejpeg.decode_jpeg(content, colours)
    except ValueError as error:
        if not _is_harmless(str(error), content):
            raise
    return simplejpeg.decode_jpeg(content, colours, strict=False)


def _is_harmless(warning: str, content: bytes) -> bool:
    """Tell what is odd beside a sound picture from damage: headers, and padding of one repeated byte after its data."""
    extraneous = _EXTRANEOUS.search(warning)
    if extraneous is None:
        return any(text in warning for text in _HARMLESS)
    marker = b"\xff" + bytes.fromhex(extraneous[2])
    return re.search(rb"(.)\1{%d}%s" % (int(extraneous[1]) - 1, re.escape(marker)), content, re.DOTALL) is not None
