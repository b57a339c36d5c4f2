"""Find a dataset in the folder a user names, and its images without regard to case."""

from collections.abc import Sequence
from pathlib import Path

from ksiqa.data.facts import Facts
from ksiqa.errors import DatasetError


def find_root(root: Path, *, facts: Facts, needs: Sequence[Sequence[str]]) -> Path:
    """Return the archive's own folder: ``root``, or the one folder in it that holds the set.

    Args:
        root: what the user named.
        facts: named in the error.
        needs: what the folder must hold; of each entry one alternative is enough.

    Raises:
        DatasetError: ``root`` is no folder, or the set is nowhere in it, or in several places; it says what is missing,
            where it looked, where the set is to be had and how to lay it out.
    """
    if not root.is_dir():
        raise DatasetError(
            found=f"data.root={root}, which is {'a file' if root.exists() else 'no folder'}",
            expected=f"the folder of {facts.title}, as released:\n{facts.layout}",
            do=f"correct the path; the set is to be had from {facts.home_page}",
        )
    places = [root, *sorted(path for path in root.iterdir() if path.is_dir())]
    lacking = {place: [need for need in needs if not any(locate(place, name) for name in need)] for place in places}
    whole = [place for place in places if not lacking[place]]
    if whole and (whole[0] == root or len(whole) == 1):
        return whole[0]
    if whole:
        raise DatasetError(
            found=f"{facts.title} in several folders: {', '.join(map(str, whole))}",
            expected="one",
            do="set data.root to the one that is meant",
        )
    nearest = min(places, key=lambda place: len(lacking[place]))
    missing = " and ".join(" or ".join(need) for need in lacking[nearest])
    raise DatasetError(
        found=f"no {missing} of {facts.title}; looked in {', '.join(map(str, places))}",
        expected=f"the folder as released:\n{facts.layout}",
        do=f"get the set from {facts.home_page}, unpack it and set data.root to its folder or the one above",
    )


def locate(folder: Path, relative: str) -> Path | None:
    """Return a file or folder by its relative path, matched without regard to case where need be."""
    exact = folder / relative
    if exact.exists():
        return exact
    for name in relative.split("/"):
        inside = sorted(folder.iterdir()) if folder.is_dir() else []
        near = [path for path in inside if path.name.lower() == name.lower()]
        if not near:
            return None
        folder = near[0]
    return folder


def first_of(folder: Path, names: Sequence[str]) -> Path:
    """Return the first of the names that ``folder`` holds; ``find_root`` has seen to it that there is one."""
    found = [path for path in (locate(folder, name) for name in names) if path is not None]
    return found[0]


def paths_of(folder: Path, names: Sequence[str]) -> list[str]:
    """Return each name's path, matched without regard to case; the path it should have if it is not there.

    Raises:
        DatasetError: two files differ from a name, and from each other, by case alone.
    """
    files = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*"))]
    exact = set(files)
    by_case: dict[str, list[str]] = {}
    for file in files:
        by_case.setdefault(file.lower(), []).append(file)
    return [str(folder / (name if name in exact else _match(name, by_case, folder))) for name in names]


def _match(name: str, by_case: dict[str, list[str]], folder: Path) -> str:
    near = by_case.get(name.lower(), [name])
    if len(near) > 1:
        raise DatasetError(
            found=f"{' and '.join(near)} in {folder}",
            expected=f"one file for {name}",
            do="keep the one that belongs to the release",
        )
    return near[0]
