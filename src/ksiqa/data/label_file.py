"""Read label files of the kinds that datasets come with; what cannot be read is a DatasetError."""

import csv
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
from numpy import ndarray
from scipy.io import loadmat

from ksiqa.data.table_checks import has_columns
from ksiqa.errors import DatasetError


def read_csv(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a comma-separated file with a header as text (a name such as 0001 keeps its zeros).

    Raises:
        DatasetError: unreadable, a row with more or fewer cells than the header, a column twice, or without one of
            ``columns``.
    """
    try:  # pandas' own reader gives a second column of one name another name, and fills short rows up
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = [row for row in csv.reader(file, strict=True) if row] or [[]]
    except (OSError, ValueError, csv.Error) as error:  # wrong encodings are ValueErrors
        raise _unreadable(path, "a CSV with a header, in UTF-8", error) from error
    for place, row in enumerate(rows):
        if len(row) != len(header):
            raise DatasetError(
                found=f"{path}, row {place + 1}: {len(row)} cells",
                expected=f"{len(header)} cells a row, as the header has, parted by commas; numbers with a point",
                do="restore the label file as released, or correct this row",
            )
    frame = pd.DataFrame(rows, columns=[name.strip() for name in header], dtype=str)
    has_columns(frame, columns, path)
    return frame


def read_words(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a file of rows of words without a header, as text; blank lines are passed over.

    Raises:
        DatasetError: unreadable, or a row with another number of words than ``columns``.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise _unreadable(path, "plain text", error) from error
    rows = {place: line.split() for place, line in enumerate(lines) if line.strip()}
    for place, words in rows.items():
        if len(words) != len(columns):
            raise DatasetError(
                found=f"{path}, row {place + 1}: {lines[place]!r}",
                expected=f"{len(columns)} words: {' '.join(columns)}",
                do="use the label file as released",
            )
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(columns))


def read_workbook(path: Path, columns: Sequence[str], sheet: str | None) -> pd.DataFrame:
    """Read a sheet of a workbook, or its first, below the row that holds ``columns``; without blank rows.

    Raises:
        DatasetError: unreadable, no such sheet, or no row that holds the columns.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that it leaves out
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            sheets = book.sheetnames
            chosen = sheet or sheets[0]
            cells = list(book[chosen].iter_rows(values_only=True)) if chosen in sheets else []
            book.close()
    except Exception as error:  # zipfile, xml and openpyxl raise many types on broken files
        raise _unreadable(path, "an .xlsx workbook", error) from error
    texts = [[str(cell).strip() for cell in row] for row in cells]
    headers = [number for number, row in enumerate(texts) if set(columns) <= set(row)]
    if not headers:
        raise DatasetError(
            found=f"{path}: sheets {', '.join(sheets)}, no row of columns {', '.join(columns)}",
            expected=f"{f'a sheet {sheet} with' if sheet else 'a first sheet with'} these columns",
            do="use the workbook as released",
        )
    places = [texts[headers[0]].index(column) for column in columns]
    rows = [[row[place] for place in places] for row in cells[headers[0] + 1 :]]
    frame = pd.DataFrame(rows, columns=list(columns), dtype=object)
    return frame.loc[frame.notna().any(axis=1)]


def read_mat(path: Path, name: str) -> ndarray:
    """Read one variable of a MATLAB file as a flat array; a cell array of names becomes an array of text.

    Raises:
        DatasetError: unreadable, or no such variable.
    """
    try:
        content: dict[str, Any] = loadmat(path)
    except Exception as error:  # scipy raises many types on broken files
        raise _unreadable(path, "a MATLAB file up to version 7.2", error) from error
    if name not in content:
        there = ", ".join(key for key in content if not key.startswith("__"))
        raise DatasetError(
            found=f"{path} without the variable {name}; it has {there}",
            expected=f"the variable {name}",
            do="use the label file as released",
        )
    values = np.asarray(content[name]).ravel()
    return np.array([str(np.asarray(cell).ravel()[0]) for cell in values]) if values.dtype == object else values


def _unreadable(path: Path, expected: str, error: Exception) -> DatasetError:
    reason = str(error).strip().split("\n")[0] or type(error).__name__
    return DatasetError(found=f"{path}: {reason}", expected=expected, do="restore the label file as released")


def same_length(columns: Mapping[str, ndarray], label_file: Path) -> None:
    """Require columns that come from several variables to be equally long.

    Raises:
        DatasetError: they are not.
    """
    if len({len(values) for values in columns.values()}) != 1:
        raise DatasetError(
            found=f"{label_file}: " + ", ".join(f"{len(values)} of {name}" for name, values in columns.items()),
            expected="as many of each",
            do="restore the label files as released; do not mix two releases",
        )


def name_parts(names: pd.Series, pattern: str, label_file: Path) -> pd.DataFrame:
    """Take file names apart by a pattern with named groups, without regard to case.

    Raises:
        DatasetError: a name that does not fit the pattern.
    """
    parts = names.str.extract(re.compile(f"^{pattern}$", re.IGNORECASE))
    odd = names[parts.isna().any(axis=1)]
    if len(odd):
        raise DatasetError(
            found=f"{label_file}, row {odd.index[0] + 1}: the image name {odd.iloc[0]!r}",
            expected=f"names of the form {pattern}",
            do="restore the label file as released",
        )
    return parts
