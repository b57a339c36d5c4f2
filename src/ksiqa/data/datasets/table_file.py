"""A user's own scored images: a CSV that names them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from os.path import normpath, relpath
from pathlib import Path

import pandas as pd

from ksiqa.data.facts import Facts
from ksiqa.data.label_file import read_csv
from ksiqa.data.table import LabelTable, checked_table
from ksiqa.errors import ConfigError, DatasetError


def read_table(
    *,
    file: Path,
    root: Path | None,
    image: str,
    score: str,
    reference: str | None,
    content: str | None,
    low: float,
    high: float,
    higher_is_better: bool,
    label: str,
    allow_missing: bool = False,
) -> LabelTable:
    """Read scored images from a CSV with a header.

    Args:
        file: the CSV.
        root: folder that the paths in it start from; None: the CSV's own.
        image, score: the columns of paths and of raw labels.
        reference: the column of references' paths, where there is one; an empty cell is a row without.
        content: the column of what must not stand in two parts; None, or where its cell is empty: the reference, else
            the image, however their paths are spelled.
        low, high: the ends of the label's scale.
        higher_is_better: its direction.
        label: what the raw label is called in errors and tables, such as MOS.
        allow_missing: go on without the files that are not there, and count them.

    Raises:
        ConfigError: a scale that is empty.
        DatasetError: no such file or column, or rows that ``checked_table`` refuses.
    """
    if not low < high:
        raise ConfigError(
            found=f"a scale from {low:g} to {high:g}",
            expected="low below high; the direction is given by higher_is_better",
            do="exchange the two",
        )
    if not file.is_file():
        raise DatasetError(found=f"no file {file}", expected="a CSV with a header", do="set data.file to your table")
    folder = file.parent if root is None else root
    with _of_ones_own(folder):
        labels = read_csv(file, [column for column in (image, score, reference, content) if column is not None])
    images = labels[image].map(lambda name: normpath(folder / name))
    references = pd.Series([None] * len(labels), dtype=object)
    if reference is not None:
        named = labels[reference].astype(object).where(labels[reference] != "", None)
        references = named.map(lambda name: normpath(folder / name), na_action="ignore").astype(object)
    contents = references.where(references.notna(), images).map(lambda path: relpath(path, folder))
    if content is not None:
        told = labels[content].str.strip()
        contents = told.where(told != "", contents)
    frame = pd.DataFrame({"image": images, "reference": references, "content": contents, "raw": labels[score]})
    facts = Facts(name="table", title=file.name, label=label, low=low, high=high, higher_is_better=higher_is_better)
    with _of_ones_own(folder):
        return checked_table(facts=facts, frame=frame, label_file=file, allow_missing=allow_missing)


@contextmanager
def _of_ones_own(folder: Path) -> Iterator[None]:
    """Say what to do where nothing was released that could be restored.

    Args:
        folder: that the paths start from.
    """
    try:
        yield
    except DatasetError as error:
        do = re.sub(r"(use|restore) the label file as released( \([^)]*\))?(, or )?", "", error.do)
        columns = " ".join(f"data.{name}=COLUMN" for name in ("image", "score", "content", "reference"))
        do = do.replace("name the columns it has", f"name the columns it has: {columns}")
        do = do.replace("complete the copy", f"set data.root, where the paths start (now {folder}), or correct them")
        raise DatasetError(found=error.found, expected=error.expected, do=do or "mend the file") from error
