"""What is checked on a label file's rows; every error names the file and the row, counted from 1."""

from collections.abc import Sequence
from os.path import abspath, isfile
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from ksiqa.data.facts import Facts
from ksiqa.errors import DatasetError

FIRST = 3  # missing files named in an error
RESTORE = "restore the label file as released, or correct this row"


def has_columns(frame: pd.DataFrame, columns: Sequence[str], label_file: Path) -> None:
    """Require the columns, each once; what has no name is none."""
    again = frame.columns[frame.columns.duplicated() & (frame.columns != "")]
    if len(again):
        raise DatasetError(
            found=f"{label_file} with two columns {again[0]}",
            expected="every column once",
            do="use the label file as released, or rename one",
        )
    lacking = [column for column in columns if column not in frame]
    if lacking:
        raise DatasetError(
            found=f"{label_file} without {', '.join(lacking)}; it has {', '.join(map(str, frame.columns)) or 'none'}",
            expected=f"the columns {', '.join(columns)}",
            do="use the label file as released, or name the columns it has",
        )


def numbers(frame: pd.DataFrame, column: str, label_file: Path) -> pd.Series:
    """Return the column as finite floats; what is true or false, a date or complex is no number."""
    cells = frame[column] if frame[column].dtype.kind in "iuf" else frame[column].astype(str)
    values = pd.to_numeric(cells, errors="coerce").astype(float)
    wrong = np.flatnonzero(~np.isfinite(values.to_numpy()))
    if wrong.size:
        at = int(wrong[0])
        what = "label" if column == "raw" else column
        _row_error(
            frame,
            at,
            label_file,
            f"{what} {frame[column].iloc[at]!r}",
            f"a finite number ({wrong.size} rows have none)",
        )
    return values


def inside_scale(frame: pd.DataFrame, facts: Facts, label_file: Path) -> None:
    """Require every label inside the set's own scale."""
    raw = frame["raw"].to_numpy(dtype=float)
    outside = np.flatnonzero((raw < facts.low) | (raw > facts.high))
    if outside.size:
        scale = f"a {facts.label} in [{facts.low:g}, {facts.high:g}] ({outside.size} rows are outside)"
        found = f"{facts.label} {raw[outside[0]]:g}; the file's go from {raw.min():g} to {raw.max():g}"
        own = "set data.low and data.high to the ends of the raters' scale, or correct this row"
        _row_error(frame, int(outside[0]), label_file, found, scale, do=RESTORE if facts.home_page else own)


def no_row_twice(frame: pd.DataFrame, label_file: Path) -> None:
    """Require every image once."""
    images = frame["image"].map(abspath)
    again = np.flatnonzero(images.duplicated().to_numpy())
    if again.size:
        at = int(again[0])
        first = int(np.flatnonzero((images == images.iloc[at]).to_numpy())[0])
        found = f"an image that row {frame.index[first] + 1} has already"
        _row_error(frame, at, label_file, found, f"every image once ({again.size} rows repeat one)")


def row_count(frame: pd.DataFrame, facts: Facts, label_file: Path, *, allow_missing: bool) -> int:
    """Return how many rows of the release are lacking."""
    lacking = 0 if facts.rows is None else facts.rows - len(frame)
    if len(frame) == 0 or lacking < 0 or (lacking > 0 and not allow_missing):
        shorter = ", or set data.allow_missing=true to go on with these" if lacking > 0 and len(frame) else ""
        raise DatasetError(
            found=f"{label_file}: {len(frame)} rows",
            expected=f"{facts.rows or 'at least one'} rows ({facts.title})",
            do=f"use the label file as released ({facts.home_page or 'one row an image'}){shorter}",
        )
    return lacking


def direction(frame: pd.DataFrame, facts: Facts, label_file: Path) -> None:
    """Require scores that fall with the distortion's level, or rise with other evidence of the file."""
    if "evidence" in frame:
        evidence, name = frame["evidence"].to_numpy(dtype=float), "the file's other ratings"
    elif "level" in frame:
        evidence, name = -frame["level"].to_numpy(dtype=float), "falling levels of distortion"
    else:
        return
    score = facts.to_score(frame["raw"].to_numpy(dtype=float))
    if min(np.ptp(evidence), np.ptp(score)) == 0:
        return
    with np.errstate(all="ignore"):
        correlation = float(np.corrcoef(evidence, score)[0, 1])
    if not correlation >= 0:  # NaN: evidence too large to be true
        better = "higher" if facts.higher_is_better else "lower"
        raise DatasetError(
            found=f"{label_file}: scores fall with {name} (correlation {correlation:.2f})",
            expected=f"a {facts.label} of which {better} is better",
            do="restore the label file as released: its labels are turned round",
        )


def reference_count(frame: pd.DataFrame, facts: Facts, label_file: Path) -> None:
    """Require as many references as the release has."""
    contents = frame["content"].nunique()
    if facts.references is not None and contents != facts.references:
        raise DatasetError(
            found=f"{label_file}: rows of {contents} references",
            expected=f"{facts.references} references ({facts.title})",
            do="use the label file as released",
        )


def images_there(frame: pd.DataFrame, facts: Facts, *, allow_missing: bool) -> pd.Series:
    """Return which rows have their image."""
    there = pd.Series([isfile(path) for path in frame["image"]], index=frame.index)  # noqa: PTH113  (a name that no file can have is False)
    lost = [str(path) for path in frame.loc[~there, "image"]]
    if lost and (not allow_missing or len(lost) == len(frame)):
        _files_error(lost, f"images of {len(frame)}", facts, can_go_on=len(lost) < len(frame))
    return there


def references_there(frame: pd.DataFrame, facts: Facts, *, allow_missing: bool) -> list[str | None]:
    """Return each row's reference, None where it is not there."""
    if "reference" not in frame:
        return [None] * len(frame)
    there = {path: isfile(path) for path in frame["reference"].dropna().unique()}  # noqa: PTH113  (a name that no file can have is False)
    lost = [str(path) for path, found in there.items() if not found]
    if lost and not allow_missing:
        _files_error(lost, f"references of {len(there)}", facts, can_go_on=True)
    return [path if there.get(path, False) else None for path in frame["reference"]]


def _row_error(
    frame: pd.DataFrame, at: int, label_file: Path, found: str, expected: str, *, do: str = RESTORE
) -> NoReturn:
    raise DatasetError(
        found=f"{label_file}, row {frame.index[at] + 1} ({Path(frame['image'].iloc[at]).name}): {found}",
        expected=expected,
        do=do,
    )


def _files_error(lost: Sequence[str], what: str, facts: Facts, *, can_go_on: bool) -> NoReturn:
    go_on = ", or set data.allow_missing=true to go on with what is there" if can_go_on else ""
    raise DatasetError(
        found=f"{len(lost)} {what} are missing, first {', '.join(lost[:FIRST])}",
        expected=f"every file that the labels of {facts.title} name",
        do=f"complete the copy{f' from {facts.home_page}' if facts.home_page else ''}{go_on}",
    )
