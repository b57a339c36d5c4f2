"""The pictures of a set, as duplicates are looked for: all files, and those of them that stand for the contents."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from os.path import normpath
from pathlib import Path

import pandas as pd

from ksiqa.data.datasets import DATASETS
from ksiqa.data.image_file import check_names, images_in
from ksiqa.data.label_file import read_csv
from ksiqa.data.table import LabelTable
from ksiqa.errors import DatasetError, choice

PHOTOGRAPHS, TABLE = "folder", "table"  # what is no released set, as in data=NAME


@dataclass(frozen=True)
class Pictures:
    """A set's files, each with its content. Distorted versions of one reference are copies by design, so references
    stand for their contents; where a row has none, its image does."""

    name: str
    contents: Mapping[str, str]  # by file
    shown: tuple[str, ...]  # the files that stand for contents
    missing: int = 0  # files of the set that are not there


def pictures_of(table: LabelTable) -> Pictures:
    """Return the pictures of a table; of synthetic pairs, the photographs that they are made from."""
    found = _pictures(table.facts.name, table.frame)
    return replace(found, missing=table.missing + table.missing_references + table.unlisted)


def beside(name: str, place: str | Mapping[str, str | None]) -> Pictures:
    """Return the pictures of another set.

    Args:
        name: as in data=NAME.
        place: its folder; for ``table`` the mapping ``file``, ``root``, ``image``, ``reference`` as in data=table.

    Raises:
        DatasetError: it is not there, or not as released.
    """
    if isinstance(place, Mapping):
        return _of_csv(place)
    root = Path(place).expanduser()
    if name != PHOTOGRAPHS:
        return pictures_of(DATASETS[choice(name, allowed=DATASETS, name="beside")].read(root, allow_missing=True))
    files = [str(path) for path in images_in(root)]
    if not files:
        raise DatasetError(
            found=f"no image in {root}", expected="a folder of photographs", do="set beside.folder to one"
        )
    check_names(map(Path, files))
    return Pictures(name, {file: Path(file).name for file in files}, tuple(files))


def _of_csv(place: Mapping[str, str | None]) -> Pictures:
    file = Path(str(place["file"])).expanduser()
    if not file.is_file():
        raise DatasetError(
            found=f"no file {file}", expected="a CSV with a header", do="set beside.table.file to your table"
        )
    image, reference = str(place["image"]), place["reference"]
    labels = read_csv(file, [image] if reference is None else [image, reference])
    root = file.parent if place["root"] is None else Path(place["root"]).expanduser()
    references = [None] * len(labels) if reference is None else [name or None for name in labels[reference]]
    frame = pd.DataFrame({"image": labels[image], "reference": pd.Series(references, dtype=object)})
    frame = frame.map(lambda name: normpath(root / name), na_action="ignore")
    frame["content"] = frame["reference"].where(frame["reference"].notna(), frame["image"])
    found = _pictures(TABLE, frame)
    named = set(frame["image"]) | set(frame["reference"].dropna())
    return replace(found, missing=len(named) - len(found.contents))


def _pictures(name: str, frame: pd.DataFrame) -> Pictures:
    """Return the pictures of rows with image, reference and content: those of their files that are there."""
    with_reference = frame.loc[frame["reference"].notna()]
    contents = {str(file): str(content) for file, content in zip(frame["image"], frame["content"], strict=True)}
    contents |= dict(zip(with_reference["reference"].map(str), with_reference["content"].map(str), strict=True))
    contents = {file: content for file, content in contents.items() if Path(file).is_file()}
    shown = pd.concat([with_reference["reference"], frame.loc[frame["reference"].isna(), "image"]])
    return Pictures(name, contents, tuple(str(file) for file in shown.unique() if str(file) in contents))
