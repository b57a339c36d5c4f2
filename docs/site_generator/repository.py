"""Files outside of ``docs/`` that pages link to: as pages of their own, and the links led there.

On a forge a link such as ``../experiments/demo/README.md`` opens the file; on the site it opens a page made of it.
So it is with what other modules make pages of: ``../conf/split`` opens a folder there, and that group's reference here.
"""

import os
import re
from pathlib import Path

LINK = re.compile(r"(?<=\]\()(?P<path>[^)\s#:]+)(?P<anchor>#[^)\s]*)?(?=\))")  # a colon: another site's
LANGUAGES = {".py": "python", ".yaml": "yaml", ".toml": "toml", ".sh": "sh", ".js": "js", ".css": "css"}
IMAGES = (".png", ".svg", ".jpg", ".webp")


def pages(root: Path) -> dict[str, str | bytes]:
    """Return the pages of the README, the changelog and all files that pages link to, directly or by one another."""
    made: dict[str, str | bytes] = {}
    waiting = [root / "README.md", root / "CHANGELOG.md", *sorted((root / "experiments").glob("*/README.md"))]
    waiting += [file for page in sorted((root / "docs").rglob("*.md")) for file in _outside(page, root)]
    while waiting:
        file = waiting.pop()
        path = site_path(file, root)
        if path not in made:
            made[path] = _page(file, path, root)
            waiting += _outside(file, root) if file.suffix == ".md" else []
    return dict(sorted(made.items()))


def led(markdown: str, file: Path, path: str, root: Path) -> str:
    """Return a page's Markdown with links that are right for the site.

    Args:
        markdown: of the page.
        file: that the links start from.
        path: of the page in the site.
        root: of the repository.
    """

    def link(match: re.Match[str]) -> str:
        target = _target(file, match["path"])
        if target is None:
            return match[0]
        led_to = made_page(target, root) or site_path(target, root)
        return os.path.relpath(led_to, Path(path).parent) + (match["anchor"] or "")

    return LINK.sub(link, markdown)


def made_page(target: Path, root: Path) -> str | None:
    """Return the page, and the place on it, that another module makes of a file or folder; None where none does."""
    match target.relative_to(root).with_suffix("").parts:
        case ("experiments",):
            return "results.md"
        case ("src", "ksiqa", "data", "datasets"):
            return "datasets/index.md"
        case ("conf", *group) if target.is_dir():
            return f"configuration/{'/'.join(group) or 'index'}.md"
        case ("conf", group, option):
            return f"configuration/{group}.md#{option}"
        case ("src", "ksiqa", *package) if target.is_dir():
            return f"api/{'/'.join(package) or 'index'}.md"
        case ("src", "ksiqa", package, *module) if target.suffix == ".py":
            return f"api/{package}.md#{'.'.join(('ksiqa', package, *module))}"
    return None


def site_path(file: Path, root: Path) -> str:
    """Return where the site has a file of the repository."""
    name = file.relative_to(root)
    if name.parts[0] == "docs":
        return str(name.relative_to("docs"))
    if file.suffix == ".md":
        page = name.parent.with_suffix(".md") if name.name == "README.md" and len(name.parts) > 1 else name
        return str(page).lower()  # README.md itself would be the site's first page
    return str(name) if file.suffix in IMAGES else f"source/{name}.md"


def _page(file: Path, path: str, root: Path) -> str | bytes:
    if file.suffix in IMAGES:
        return file.read_bytes()
    text = file.read_text()
    if file.suffix == ".md":
        head = "" if file.parent == root else f"---\ntitle: {file.parent.name}\n---\n\n"  # what the nav shows
        return head + led(text, file, path, root)
    name = file.relative_to(root)
    return f"# {file.name}\n\n`{name}` of the repository.\n\n````{LANGUAGES.get(file.suffix, 'text')}\n{text}````\n"


def _outside(page: Path, root: Path) -> list[Path]:
    """Return the files outside of ``docs/`` that a page links to."""
    targets = [_target(page, match["path"]) for match in LINK.finditer(page.read_text())]
    outside = [target for target in targets if target and root / "docs" not in target.parents]
    return [target for target in outside if made_page(target, root) is None]


def _target(page: Path, link: str) -> Path | None:
    """Return the file or folder that a link names; None where there is none, of which MkDocs warns."""
    target = (page.parent / link).resolve()
    readme = target / "README.md"
    return readme if readme.is_file() else target if target.exists() else None
