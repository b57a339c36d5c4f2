"""One HTML page of scored photographs. It opens from the disk, and a browser is forbidden to ask a network for it.

The folder's other files are put into it: ``page.html``, ``page.css``, and the scripts, which draw what the page holds
as data. An image takes about 10 kB of the page, whatever its own size.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from contextlib import ExitStack
from hashlib import sha256
from html import escape
from io import BytesIO
from pathlib import Path
from string import Template
from types import TracebackType
from typing import IO, Any

import numpy as np
from jaxtyping import Float32, UInt8
from matplotlib import colormaps
from numpy import ndarray
from PIL import Image

from ksiqa.errors import printable
from ksiqa.files import write_whole

HERE = Path(__file__).parent
SCRIPTS = ("rows.js", "histogram.js", "card.js", "page.js")
SIDE = 240  # pixels of a thumbnail's longer side
CELLS = 48  # of a quality map's longer side, at most
SHOWN = ("score", "score_raw", "scale", "low", "high", "nr_score")  # of a row, beside its image and error
TEXT_ENDS = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})  # no text closes the element it stands in


class Page:
    """Writes the page, one image after the other, each onto the disk at once: memory does not grow with their number.

    The file is put in its place whole at the end of the ``with`` block; where an error ends that, the old file stays.
    """

    def __init__(self, path: Path, *, title: str) -> None:
        self.path, self.title = path, title
        self._file: IO[bytes]
        self._open = ExitStack()

    def __enter__(self) -> "Page":
        """Begin the page.

        Raises:
            StorageError: it cannot be written there.
        """
        self._file = self._open.enter_context(write_whole(self.path, "wb"))
        self._file.write(_head(self.title))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return self._open.__exit__(kind, error, traceback)

    def add(
        self,
        row: Mapping[str, Any],
        *,
        pixels: UInt8[ndarray, "height width 3"] | None,
        quality_map: Float32[ndarray, "rows columns"] | None,
    ) -> None:
        """Add an image.

        Args:
            row: ``image`` (its name), ``error`` (empty or None where it was scored) and, as far as known, what
                ``ImageScore`` says: ``score``, ``low``, ``high`` in [0, 1], ``score_raw``, ``scale``; also
                ``nr_score``, the score without its reference.
            pixels: of the image, to make its thumbnail from; None shows none.
            quality_map: in [0, 1], of the whole image; laid over the thumbnail.
        """
        held: dict[str, Any] = {"image": _one_line(str(row["image"])), "error": printable(str(row.get("error") or ""))}
        held |= {name: row[name] for name in SHOWN if row.get(name) is not None}
        if pixels is not None:
            height, width = pixels.shape[:2]
            held |= {"width": width, "height": height, "thumbnail": _thumbnail(pixels)}
        if quality_map is not None:
            held |= {"map": _few_cells(quality_map)}
        text = json.dumps(held, allow_nan=False, separators=(",", ":")).translate(TEXT_ENDS)
        self._file.write(f'<script type="application/json">{text}</script>\n'.encode("ascii"))


def _head(title: str) -> bytes:
    """Return the page up to its data, which may end anywhere: what HTML closes by itself is left open."""
    style = (HERE / "page.css").read_text(encoding="utf-8")
    script = "\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hashed(style)}; script-src {_hashed(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    colours = (255 * np.array(colormaps["viridis"](np.arange(256)))[:, :3]).round().astype(np.uint8)
    parts = {"title": escape(_one_line(title)), "policy": policy, "style": style, "script": script}
    page = Template((HERE / "page.html").read_text(encoding="utf-8"))
    return page.substitute(parts, colours=colours.tobytes().hex()).encode()


def _hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _one_line(name: str) -> str:
    return printable(name).replace("\n", r"\n").replace("\t", r"\t")


def _thumbnail(pixels: UInt8[ndarray, "height width 3"]) -> str:
    small = Image.fromarray(pixels)
    small.thumbnail((SIDE, SIDE), reducing_gap=3)
    file = BytesIO()
    small.save(file, "WEBP", quality=70)
    return b64encode(file.getvalue()).decode()


def _few_cells(quality_map: Float32[ndarray, "rows columns"]) -> dict[str, Any]:
    """Return a map's means over at most ``CELLS`` x ``CELLS`` cells, in steps of 1/255."""
    longer = max(quality_map.shape)
    rows, columns = (max(1, round(side * min(1, CELLS / longer))) for side in quality_map.shape)
    means = np.asarray(Image.fromarray(quality_map).resize((columns, rows), Image.Resampling.BOX))
    values = (255 * means).round().clip(0, 255).astype(np.uint8)
    return {"columns": columns, "rows": rows, "values": b64encode(values.tobytes()).decode()}
