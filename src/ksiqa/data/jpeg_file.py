"""JPEG files decoded strictly: what libjpeg only warns of, and Pillow therefore hides, is an error here.

Oddities beside a sound picture are mended in the bytes, which are then decoded as strictly: libjpeg tells only the
first thing that it finds, so that damage would hide behind an oddity that is passed over.

| odd | mended |
| --- | --- |
| what follows the picture's end, such as a video or another picture | left out |
| comments, profiles and other metadata, whole or broken | left out |
| padding of one repeated byte before a marker | left out |
| a version of JFIF that is not known | called 1 |
| a sequential picture's spectrum that does not go from 0 to 63 | goes from 0 to 63; decoders look at no other |
"""

import re

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

SCAN_LIMIT = 100  # of a file; encoders write about ten, and each costs a pass over the whole picture
REPAIR_LIMIT = 20  # of paddings that differ in length or in what follows; each costs a pass too

_UNKNOWN = "Could not determine subsampling"  # rare ones that TurboJPEG does not decode
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0x(..)")

_START, _END, _SCAN, _JFIF = 0xD8, 0xD9, 0xDA, 0xE0
_SEQUENTIAL = (0xC0, 0xC1, 0xC9)  # frames
_METADATA = (*range(0xE1, 0xEE), 0xEF, 0xFE)  # not JFIF's and Adobe's (0xEE), by which the colours are told
_MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")  # none that compressed data has; of one length, so found in one pass


def jpeg_pixels(image: Image.Image, content: bytes) -> UInt8[ndarray, "height width 3"]:
    """Decode the whole file ``content``, of which Pillow has read the header, to the RGB that Pillow would give.

    Raises:
        ValueError: the picture is damaged, or has more scans than a picture needs.
        MemoryError: the picture may be sound.
    """
    try:
        return _as_pillow_would(image, _mended(content))
    except ValueError as error:
        if "nsufficient memory" in str(error) or "emory allocation" in str(error):
            raise MemoryError(str(error)) from error
        if _UNKNOWN not in str(error):
            raise
    return np.array(image.convert("RGB"))  # unchecked


def _mended(content: bytes) -> bytes:
    """Return the picture from its start to its own end, mended but for padding after compressed data."""
    parts, at, scans, last, frame = [content[:2]], 2, 0, _START, 0
    while (marker := _MARKER.search(content, at)) is not None:
        between, code = content[at : marker.start()], content[marker.start() + 1]
        if last == _SCAN or not _is_padding(between.rstrip(b"\xff")):
            parts.append(between)
        if code == _END:
            return b"".join((*parts, marker[0]))
        at = marker.end() + max(2, int.from_bytes(content[marker.end() : marker.end() + 2]))
        last, frame = code, code if code in _SEQUENTIAL else frame
        scans += code == _SCAN
        if scans > SCAN_LIMIT:
            raise ValueError(f"more than {SCAN_LIMIT} scans")
        if code not in _METADATA:
            parts.append(_mended_segment(content[marker.start() : at], code, sequential=frame in _SEQUENTIAL))
    return b"".join((*parts, content[at:]))


def _mended_segment(segment: bytes, code: int, *, sequential: bool) -> bytes:
    if code == _JFIF and segment[4:9] == b"JFIF\0":
        return segment[:9] + b"\1" + segment[10:]
    if code == _SCAN and sequential and len(segment) > 8 and len(segment) == 8 + 2 * segment[4]:
        return segment[:-3] + b"\0\x3f\0"
    return segment


def _as_pillow_would(image: Image.Image, content: bytes) -> UInt8[ndarray, "height width 3"]:
    if image.mode != "CMYK":
        return _decoded(content, "RGB")
    inks = 255 - _decoded(content, "CMYK")  # stored inverted, as Adobe's programs do
    return np.array(Image.frombytes("CMYK", image.size, inks.tobytes()).convert("RGB"))


def _decoded(content: bytes, colours: str, repairs: int = REPAIR_LIMIT) -> UInt8[ndarray, "height width channels"]:
    try:
        return simplejpeg.decode_jpeg(content, colours)
    except ValueError as error:
        told = _EXTRANEOUS.search(str(error))
        if told is None or repairs == 0:
            raise
        shorter = _without_padding(content, int(told[1]), b"\xff" + bytes.fromhex(told[2]))
        if shorter == content:
            raise
    return _decoded(shorter, colours, repairs - 1)


def _without_padding(content: bytes, length: int, marker: bytes) -> bytes:
    """Cut so many bytes before each such marker if they are padding; where they are data, decoding will miss them."""
    *before, rest = content.split(marker)
    cut = [part[:-length] if len(part) > length and _is_padding(part[-length:]) else part for part in before]
    return marker.join((*cut, rest))


def _is_padding(between: bytes) -> bool:
    """Tell one byte, repeated, from what may be lost data: a single byte is padding if it is zero."""
    return between == between[:1] * len(between) and (len(between) != 1 or between == b"\0")
