"""Pictures that stand more than once, within a set and across sets.

Equal bytes and equal pixels are looked for among all files, near duplicates (``likeness``) among contents. The rule of
what is wrong: a picture of two contents of a set is a **leak**, since a split would let it stand in two parts; so is a
picture that two sets share, since one of them may test what the other trained. Equal images of one content never part:
they are told, no leak (LIVE has identical images with different DMOS).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from jaxtyping import UInt8
from numpy import ndarray

from ksiqa.data.image_index import ImageIndex
from ksiqa.data.known_file import Known
from ksiqa.data.likeness import alike
from ksiqa.data.pictures import Pictures


class Duplicate(NamedTuple):
    """Two files with one picture."""

    one: str
    other: str
    how: str
    is_leak: bool


@dataclass(frozen=True)
class Seen:
    """A set whose files were looked at, with those that can be read."""

    pictures: Pictures
    known: Mapping[str, Known]
    index: ImageIndex

    def shown(self) -> list[str]:
        """Return the files that stand for contents and can be read."""
        return [file for file in self.pictures.shown if file in self.known]

    def thumbnails(self) -> UInt8[ndarray, "files 96 96"]:
        """Return the thumbnails of the files that stand for contents."""
        return self.index.thumbnails([self.known[file].name for file in self.shown()])

    def by_pixels(self) -> dict[str, list[str]]:
        """Return the files that have the same pixels."""
        groups: dict[str, list[str]] = {}
        for file, one in self.known.items():
            groups.setdefault(one.of_pixels, []).append(file)
        return groups


def duplicates_within(seen: Seen) -> list[Duplicate]:
    """Return what stands more than once in a set; of equal files each is told with the first one."""
    contents = seen.pictures.contents
    found = [
        Duplicate(files[0], file, _how(seen.known[files[0]], seen.known[file]), contents[files[0]] != contents[file])
        for files in seen.by_pixels().values()
        for file in files[1:]
    ]
    equal = {frozenset(pair) for files in seen.by_pixels().values() for pair in combinations(files, 2)}
    shown = seen.shown()
    for match in alike(seen.thumbnails()):
        one, other = shown[match.one], shown[match.other]
        if contents[one] != contents[other] and frozenset((one, other)) not in equal:
            found.append(Duplicate(one, other, _near(match.likeness), is_leak=True))
    return found


def duplicates_across(one: Seen, other: Seen) -> list[Duplicate]:
    """Return the pictures that two sets share, the first of each pair of contents."""
    found: dict[tuple[str, str], Duplicate] = {}
    theirs = other.by_pixels()
    equal = [(mine, theirs[key][0]) for key, files in one.by_pixels().items() if key in theirs for mine in files]
    pairs = [(mine, their, _how(one.known[mine], other.known[their])) for mine, their in equal]
    shown, theirs_shown = one.shown(), other.shown()
    for match in alike(one.thumbnails(), other.thumbnails()):
        pairs.append((shown[match.one], theirs_shown[match.other], _near(match.likeness)))
    for mine, their, how in pairs:
        contents = (one.pictures.contents[mine], other.pictures.contents[their])
        found.setdefault(contents, Duplicate(mine, their, how, is_leak=True))
    return list(found.values())


def _how(one: Known, other: Known) -> str:
    return "equal bytes" if one.of_bytes == other.of_bytes else "equal pixels in files that differ"


def _near(likeness: float) -> str:
    return f"one picture (likeness {likeness:.3f})"
