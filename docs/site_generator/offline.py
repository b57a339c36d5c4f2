"""A built site must need no network: whatever a page loads lies in the site."""

import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.exceptions import PluginError

LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\bsrc\s*=\s*["']?(?P<src>(?:https?:)?//[^"'\s>]+)"""
    r"""|<link\b(?=[^>]*\brel\s*=\s*["']?(?:stylesheet|icon|preconnect|preload|modulepreload))"""
    r"""[^>]*?\bhref\s*=\s*["']?(?P<href>(?:https?:)?//[^"'\s>]+)""",
    re.IGNORECASE,
)
IN_STYLES = re.compile(r"""(?:url\(|@import)\s*["']?(?P<url>(?:https?:)?//[^"')\s]+)""", re.IGNORECASE)


def check(site: Path) -> None:
    """See that no page and no style of a site loads anything from outside.

    Raises:
        PluginError: one does; it ends the build.
    """
    found = [f"{file.relative_to(site)} loads {address}" for file, address in _loaded(site)]
    if found:
        raise PluginError("the site must need no network: " + "; ".join(found[:5]))


def _loaded(site: Path) -> Iterator[tuple[Path, str]]:
    for file in sorted(site.rglob("*")):
        if file.suffix in (".html", ".css", ".svg"):
            pattern = LOADED if file.suffix == ".html" else IN_STYLES
            for match in pattern.finditer(file.read_text(encoding="utf-8")):
                yield file, next(text for text in match.groups() if text)
