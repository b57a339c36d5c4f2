"""MkDocs's events: generated pages join the written ones, links reach the whole repository, no network is needed."""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

from site_generator import api, configuration, datasets, offline, repository, results

ROOT = Path(__file__).resolve().parents[1]


def generated() -> dict[str, str | bytes]:
    """Return what is made at build time, by its path in the site: Markdown of pages, and files as they are."""
    made = {**datasets.pages(ROOT), **configuration.pages(ROOT), **api.pages(ROOT), **results.pages(ROOT)}
    return {**made, **repository.pages(ROOT)}


def on_config(config: MkDocsConfig) -> None:
    """Fill in the nav: ``datasets/`` stands for all generated pages below it."""
    paths = [path for path in generated() if path.endswith(".md")]
    config.nav = _filled(config.nav, paths)


def on_files(files: Files, *, config: MkDocsConfig) -> None:
    """Add what is generated."""
    named = set(_named(config.nav))
    for path, content in generated().items():
        inclusion = InclusionLevel.INCLUDED if path in named else InclusionLevel.NOT_IN_NAV
        files.append(File.generated(config, path, content=content, inclusion=inclusion))


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Lead links out of ``docs/`` to the pages of what they name; those of generated pages are led already."""
    if page.file.generated_by is not None:
        return markdown
    return repository.led(markdown, ROOT / "docs" / page.file.src_uri, page.file.src_uri, ROOT)


def on_post_build(*, config: MkDocsConfig) -> None:
    """See that the built site needs no network."""
    offline.check(Path(config.site_dir))


def _filled(nav: Any, paths: list[str]) -> Any:
    """Return the nav with each ``folder/`` in a list replaced by the paths below it."""
    if isinstance(nav, dict):
        return {title: _filled(inner, paths) for title, inner in nav.items()}
    if not isinstance(nav, list):
        return nav
    filled: list[Any] = []
    for one in nav:
        below = [path for path in paths if path.startswith(one)] if isinstance(one, str) and one.endswith("/") else None
        filled += [_filled(one, paths)] if below is None else below
    return filled


def _named(nav: Any) -> list[str]:
    """Return all paths of a nav."""
    if isinstance(nav, str):
        return [nav]
    inner = nav.values() if isinstance(nav, dict) else nav
    return [path for one in inner for path in _named(one)]
