"""What all pages are made of: one file that opens from the disk, which a browser forbids to ask a network for anything.

Texts of strangers come into a page as data, in JSON that no text can end, or escaped.
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from matplotlib import colormaps

from ksiqa.errors import printable

HERE = Path(__file__).parent
HEAD, STYLE, SCRIPTS = HERE / "head.html", HERE / "base.css", (HERE / "common.js", HERE / "picture.js")  # of all pages
TEXT_ENDS = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})  # no text closes the element it stands in


def begun(
    template: Path, *, title: str, styles: Sequence[Path], scripts: Sequence[Path], more: str = "", **parts: str
) -> bytes:
    """Return a page up to its data, which may end anywhere: what HTML closes by itself is left open.

    Args:
        template: HTML after ``head.html``, which ends with the title within a ``header``; with ``$NAME`` for each of
            ``parts``.
        title: any text.
        styles, scripts: its own, after those of all pages.
        more: CSS after all styles.
        parts: HTML.
    """
    style = "\n".join([*(_text(path) for path in (STYLE, *styles)), more])
    script = "\n".join(_text(path) for path in (*SCRIPTS, *scripts))
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hashed(style)}; script-src {_hashed(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    colours = (255 * np.array(colormaps["viridis"](np.arange(256)))[:, :3]).round().astype(np.uint8)
    own = {"title": as_html(title), "policy": policy, "style": style, "script": script}
    return Template(_text(HEAD) + _text(template)).substitute(own, colours=colours.tobytes().hex(), **parts).encode()


def held(value: Mapping[str, Any], *, name: str = "") -> bytes:
    """Return data as an element of a page, with a name where several kinds of data are in it."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":")).translate(TEXT_ENDS)
    named = f' data-of="{escape(name)}"' if name else ""
    return f'<script type="application/json"{named}>{text}</script>\n'.encode("ascii")


def as_html(text: str) -> str:
    """Return any text as HTML that shows it, on one line."""
    return escape(one_line(text))


def one_line(text: str) -> str:
    """Return a text with its line ends, and what does not print, spelled out."""
    return printable(text).replace("\n", r"\n").replace("\t", r"\t")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
