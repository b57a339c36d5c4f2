"""Versions of what ksiqa needs, and of its extras: known without importing any of it."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from ksiqa import __version__
from ksiqa.health.finding import Finding
from ksiqa.provenance import provenance

SHOWN = ("torch", "torchvision", "lightning", "timm", "hydra-core")  # of the others, those that are wrong
OF_DEVELOPERS = ("audit", "dev")


def versions() -> Iterator[Finding]:
    """Say which versions run, and which packages are not there or outside their bounds."""
    known = provenance()
    commit = (
        f", commit {str(known['commit'])[:12]}{' and changes' if known['dirty'] else ''}" if known["commit"] else ""
    )
    yield Finding("versions", "ksiqa", "good", f"{__version__}{commit}")
    yield Finding("versions", "python", "good", platform.python_version())
    for one in _needed():
        found = _version(one.name)
        if found is None or not one.specifier.contains(found, prereleases=True):
            what = f"{found or 'not installed'}, where {one.specifier} is wanted"
            yield Finding("versions", one.name, "broken", what, f"pip install '{one.name}{one.specifier}'")
        elif one.name in SHOWN:
            yield Finding("versions", one.name, "good", found)


def extras() -> Iterator[Finding]:
    """Say which optional extras are installed."""
    names = sorted({_extra(text) for text in requires("ksiqa") or [] if "extra ==" in text} - {*OF_DEVELOPERS})
    for name in names:
        lacking = [one.name for one in _needed(extra=name) if _version(one.name) is None]
        if lacking:
            yield Finding("extras", name, "lacking", f"without {', '.join(lacking)}", f"pip install 'ksiqa[{name}]'")
        else:
            yield Finding("extras", name, "good", "installed")


def _needed(extra: str = "") -> Iterator[Requirement]:
    for text in requires("ksiqa") or []:
        one = Requirement(text)
        if (one.marker is None and not extra) or (
            one.marker is not None and extra and one.marker.evaluate({"extra": extra})
        ):
            yield one


def _extra(text: str) -> str:
    return text.rpartition("extra ==")[2].strip(" '\")")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
