"""Which images a model has learned from, kept with it, so that a later test on them is known for none."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from ksiqa.data.datamodule import QualityData
from ksiqa.data.image_source import FileImages

SEEN = "images_seen"  # in a model's ``training``; absent where it is not known
MOST = 200_000  # marks that a config keeps (2 MiB); above, what was seen is not known
LENGTH = 10  # characters of a mark: among millions of images a few coincide by chance


def images_seen(sets: Sequence[QualityData], *, before: dict[str, Any] | None) -> dict[str, str]:
    """Return the marks of all images trained on or chosen by, for the model's config.

    Args:
        sets: of the training.
        before: ``training`` of the model that it went on from, whose images count; None where it went on from none.
    """
    if before is not None and SEEN not in before:
        return {}
    marks = set() if before is None else _recorded(before)
    for one in sets:
        marks |= set(_marks(one, [*one.split.train, *one.split.validation]))
    return {SEEN: " ".join(sorted(marks))} if len(marks) <= MOST else {}


def seen_again(training: dict[str, Any], sets: Sequence[QualityData], *, part: str = "test") -> int | None:
    """Return how many images of a part a model has learned from; None where its config does not say.

    An image is known by its file's name and size (a synthetic one by its photograph's name and size): one that was
    renamed or written anew is not recognised.
    """
    if SEEN not in training:
        return None
    parts = [(one, one.split.part(part)) for one in sets]
    return sum(len(rows) - len(never_seen(training, one, rows)) for one, rows in parts)


def never_seen(training: dict[str, Any], data: QualityData, rows: Sequence[int]) -> list[int]:
    """Return the rows whose images a model has not learned from, as ``seen_again`` knows them; none where its config
    does not say."""
    if SEEN not in training:
        return []
    known = _recorded(training)
    return [row for row, mark in zip(rows, _marks(data, rows), strict=True) if mark not in known]


def photograph_seen(training: dict[str, Any], *, name: str, size: tuple[int, ...]) -> bool:
    """Tell whether a model has learned from distorted copies of a photograph, whole, that is known by the stem of its
    file and by its height and width; False where its config does not say what it learned from."""
    return SEEN in training and _mark(_photograph(name, size)) in _recorded(training)


def _recorded(training: dict[str, Any]) -> set[str]:
    return set(str(training[SEEN]).split())


def _marks(data: QualityData, rows: Sequence[int]) -> list[str]:
    frame, source = data.table.frame, data.source
    if isinstance(source, FileImages):
        files = [Path(frame["image"].iloc[row]) for row in rows]
        told = [f"{file.name} {file.stat().st_size}" for file in files]
    else:
        told = [_photograph(str(frame["content"].iloc[row]), source.size(row)) for row in rows]
    return [_mark(one) for one in told]


def _photograph(name: str, size: tuple[int, ...]) -> str:
    return f"{name} {tuple(size)}"


def _mark(told: str) -> str:
    return sha256(told.encode()).hexdigest()[:LENGTH]
