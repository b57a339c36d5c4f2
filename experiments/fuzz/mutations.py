"""Sound image files of every format, and the ways in which they are damaged."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image

HEADER = 64  # bytes at a file's start that "header" overwrites some of
LONGEST = 0.2  # of the file, that one damage touches

FILES: dict[str, tuple[str, dict[str, object]]] = {  # kind of file: Pillow's format and how to save
    "jpeg baseline": ("JPEG", {"quality": 90}),
    "jpeg progressive": ("JPEG", {"quality": 90, "progressive": True}),
    "jpeg restart": ("JPEG", {"quality": 90, "restart_marker_rows": 1}),
    "jpeg grey": ("JPEG", {"quality": 90}),
    "jpeg cmyk": ("JPEG", {"quality": 90}),
    "png": ("PNG", {}),
    "png palette": ("PNG", {}),
    "bmp": ("BMP", {}),
    "webp lossy": ("WEBP", {"quality": 90}),
    "webp lossless": ("WEBP", {"lossless": True}),
    "avif": ("AVIF", {"quality": 80}),
    "gif": ("GIF", {}),
    "tiff": ("TIFF", {}),
    "tiff lzw": ("TIFF", {"compression": "tiff_lzw"}),
    "tiff deflate": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "jpeg 2000": ("JPEG2000", {}),
    "ppm": ("PPM", {}),
}
MODES = {"grey": "L", "cmyk": "CMYK", "palette": "P"}


def file_of(photograph: np.ndarray, kind: str) -> bytes:
    """Encode RGB pixels as a kind of ``FILES``."""
    name, how = FILES[kind]
    content = BytesIO()
    Image.fromarray(photograph).convert(MODES.get(kind.split()[-1], "RGB")).save(content, name, **how)
    return content.getvalue()


def damaged(content: bytes, kind: str, rng: np.random.Generator) -> bytes:
    """Return a file with a damage of a kind of ``DAMAGES``."""
    return DAMAGES[kind](content, rng)


def _span(content: bytes, rng: np.random.Generator) -> tuple[int, int]:
    length = int(rng.integers(1, max(2, int(LONGEST * len(content)))))
    start = int(rng.integers(len(content) - length + 1))
    return start, start + length


def _cut(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: int(rng.integers(len(content)))]


def _cut_with_end(content: bytes, rng: np.random.Generator) -> bytes:
    end = int(rng.choice([2, 12]))  # JPEG's marker of the end, PNG's last chunk
    return _cut(content, rng) + content[-end:]


def _zeroed(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _span(content, rng)
    return content[:start] + bytes(end - start) + content[end:]


def _overwritten(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _span(content, rng)
    return content[:start] + rng.bytes(end - start) + content[end:]


def _odd_and_overwritten(content: bytes, rng: np.random.Generator) -> bytes:
    """Give a JPEG's first scan odd parameters, which decoders pass over, and overwrite a range."""
    scan = content.find(b"\xff\xda")
    if content[:2] == b"\xff\xd8" and scan > 0:
        end = scan + 6 + 2 * content[scan + 4]  # of the spectrum
        content = content[:end] + b"\0" + content[end + 1 :]
    return _overwritten(content, rng)


def _bit(content: bytes, rng: np.random.Generator) -> bytes:
    place = int(rng.integers(len(content)))
    return content[:place] + bytes([content[place] ^ 1 << int(rng.integers(8))]) + content[place + 1 :]


def _removed(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _span(content, rng)
    return content[:start] + content[end:]


def _twice(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _span(content, rng)
    return content[:end] + content[start:end] + content[end:]


def _exchanged(content: bytes, rng: np.random.Generator) -> bytes:
    one, two, three = sorted(int(place) for place in rng.integers(len(content) + 1, size=3))
    return content[:one] + content[two:three] + content[one:two] + content[three:]


def _header(content: bytes, rng: np.random.Generator) -> bytes:
    head = bytearray(content)
    for place in rng.integers(min(HEADER, len(content)), size=int(rng.integers(1, 5))):
        head[place] = int(rng.choice([0, 1, 127, 128, 255, int(rng.integers(256))]))
    return bytes(head)


def _trailing(content: bytes, rng: np.random.Generator) -> bytes:
    return content + rng.bytes(int(rng.integers(1, 2000)))


DAMAGES: dict[str, Callable[[bytes, np.random.Generator], bytes]] = {
    "cut": _cut,
    "cut with end": _cut_with_end,
    "zeroed": _zeroed,
    "overwritten": _overwritten,
    "odd and overwritten": _odd_and_overwritten,
    "bit": _bit,
    "removed": _removed,
    "twice": _twice,
    "exchanged": _exchanged,
    "header": _header,
    "trailing": _trailing,  # no damage: what follows an image is not looked at
}
