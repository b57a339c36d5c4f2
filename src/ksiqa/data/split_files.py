"""Splits that are written down: ARNIQA's published arrays, and text files of image names."""

from pathlib import Path

import numpy as np

from ksiqa.data.split_rules import WITH_UNUSED, Split, split_of
from ksiqa.data.table import LabelTable
from ksiqa.errors import SplitError
from ksiqa.files import write_whole

ARNIQA_FOLDERS = {
    "live": "LIVE",
    "csiq": "CSIQ",
    "tid2013": "TID2013",
    "kadid10k": "KADID10K",
    "koniq10k": "KonIQ-10k",
    "livec": "CLIVE",
    "spaq": "SPAQ",
}
ARNIQA_FILES = {"train": "train.npy", "validation": "val.npy", "test": "test.npy"}


def arniqa_split(table: LabelTable, *, index: int, folder: Path) -> Split:
    """Read one of the ten splits published with ARNIQA.

    ``folder`` holds a folder a set with ``train.npy``, ``val.npy`` and ``test.npy``: a split a row, numbers of
    rows of the release, padded with -1. The readers keep the release's order; rows that a partial copy
    lacks are passed over.

    Raises:
        SplitError: no such set, file or index, or row numbers that do not fit the table.

    Source: L. Agnolucci et al., ARNIQA, WACV 2024; the arrays are Apache-2.0.
    """
    name = ARNIQA_FOLDERS.get(table.facts.name)
    if name is None or table.unlisted:
        found = f"split.source=arniqa of {table.facts.title}, {table.unlisted} rows unlisted"
        raise SplitError(
            found=found,
            expected=f"the complete label file of one of {', '.join(ARNIQA_FOLDERS)}",
            do="set split.source=random",
        )
    released = range(len(table)) if table.kept is None else table.kept
    place = {number: row for row, number in enumerate(released)}
    part_of = [""] * len(table)
    for part, file in ARNIQA_FILES.items():
        for number in _array_row(folder / name / file, index):
            if not 0 <= number < len(table) + table.missing or (number in place and part_of[place[number]]):
                raise SplitError(
                    found=f"{folder / name / file}: row number {number} of split {index}",
                    expected=f"every number from 0 to {len(table) + table.missing - 1} in one part",
                    do="restore the arrays as published",
                )
            if number in place:
                part_of[place[number]] = part
    return split_of(table, source="arniqa", index=index, part_of=part_of)


def _array_row(path: Path, index: int) -> list[int]:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise SplitError(
            found=f"{path}: {error}",
            expected="the arrays published with ARNIQA, a folder a set",
            do="set split.folder to the folder that holds LIVE, CSIQ, CLIVE and so on",
        ) from error
    if not 0 <= index < len(array):
        raise SplitError(
            found=f"split.index={index}",
            expected=f"0 to {len(array) - 1}",
            do="choose one of the published splits",
        )
    return [int(number) for number in array[index] if number != -1]


def file_split(table: LabelTable, *, folder: Path) -> Split:
    """Read a user's split: ``train.txt``, ``test.txt`` and, if they are there, ``validation.txt`` and ``unused.txt``.

    A line is an image's name, with as many of the folders above it as tell it from the others. In a partial
    copy as many names may be unknown as images are missing.

    Raises:
        SplitError: no file, an unknown or ambiguous name, or a broken rule of ``check_split``.
    """
    part_of = [""] * len(table)
    unknown: list[str] = []
    rows_of: dict[int, dict[str, list[int]]] = {}
    for part in WITH_UNUSED:
        for name in _lines(folder / f"{part}.txt", may_lack=part in ("validation", "unused")):
            depth = name.count("/") + 1
            if depth not in rows_of:
                rows_of[depth] = _by_name(table, depth)
            rows = rows_of[depth].get(name, [])
            if not rows:
                unknown.append(f"{name} in {part}.txt")
            elif len(rows) > 1 or part_of[rows[0]]:
                trouble = f"means {len(rows)} images" if len(rows) > 1 else f"is in {part_of[rows[0]]} already"
                raise _wrong_name(f"{folder / f'{part}.txt'}: {name} {trouble}")
            else:
                part_of[rows[0]] = part
    if len(unknown) > table.missing:
        raise _wrong_name(f"{folder}: {len(unknown)} names that the set does not have, first {unknown[0]}")
    return split_of(table, source="files", index=0, part_of=part_of)


def write_split(split: Split, table: LabelTable, folder: Path) -> None:
    """Write the parts as text files that ``file_split`` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in split_texts(split, table).items():
        with write_whole(folder / name) as file:
            file.write(text)


def split_texts(split: Split, table: LabelTable) -> dict[str, str]:
    """Return what ``write_split`` writes, by file."""
    names = image_names(table)
    return {f"{part}.txt": "".join(f"{names[row]}\n" for row in split.part(part)) for part in WITH_UNUSED}


def image_names(table: LabelTable) -> list[str]:
    """Return each image's name, with as many of the folders above it as tell all from one another."""
    deepest = max(len(Path(image).parts) for image in table.frame["image"])
    for depth in range(1, deepest):
        rows = _by_name(table, depth)
        if len(rows) == len(table):
            return list(rows)
    return [str(image) for image in table.frame["image"]]


def _by_name(table: LabelTable, depth: int) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, image in enumerate(table.frame["image"]):
        rows.setdefault("/".join(Path(image).parts[-depth:]), []).append(row)
    return rows


def _lines(path: Path, *, may_lack: bool) -> list[str]:
    if may_lack and not path.exists():
        return []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise SplitError(
            found=f"{path}: {error}",
            expected="a text file with an image's name a line",
            do="set split.folder to the folder of train.txt, validation.txt and test.txt",
        ) from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _wrong_name(found: str) -> SplitError:
    return SplitError(
        found=found, expected="each image of the set once, by a name of its own", do="correct the text files"
    )
