"""What a source's labels are, or its photographs: read before torch loads, so that errors in them are told at once."""

from pathlib import Path

from ksiqa.data.datasets import DATASETS
from ksiqa.data.datasets.table_file import read_table
from ksiqa.data.synthetic.photographs import photographs_in
from ksiqa.data.table import LabelTable
from ksiqa.errors import DatasetError, choice


def released_labels(*, name: str, root: str | None, allow_missing: bool) -> LabelTable:
    """Read a released set's labels from the folder that its authors' archive unpacks to (or that folder's parent).

    Raises:
        DatasetError: no root was given, or what lies there is not as released.
    """
    reader = DATASETS[choice(name, allowed=DATASETS, name="data")]
    if root is None:
        facts = reader.FACTS
        raise DatasetError(
            found=f"data={name} without data.root",
            expected=f"the folder of {facts.title}, from {facts.home_page}, laid out as released:\n{facts.layout}",
            do="set data.root=FOLDER, or other data by data=NAME (your own scores: data=table data.file=scores.csv)",
        )
    return reader.read(Path(root).expanduser(), allow_missing=allow_missing)


def table_labels(
    *,
    file: str | None,
    root: str | None,
    image: str,
    score: str,
    reference: str | None,
    content: str | None,
    low: float | int | None,
    high: float | int | None,
    higher_is_better: bool | None,
    label: str,
    allow_missing: bool,
) -> LabelTable:
    """Read a user's own CSV; see ``read_table``.

    Raises:
        DatasetError: the file, its scale or its direction was not told, or the file is not as told.
    """
    if file is None or low is None or high is None or higher_is_better is None:
        told = {
            "data.file": file,
            "data.low": low,
            "data.high": high,
            "data.higher_is_better": higher_is_better,
        }
        raise DatasetError(
            found=f"data=table without {', '.join(name for name, value in told.items() if value is None)}",
            expected="a CSV of images and scores, the ends of its scale and its direction: none of them can be guessed",
            do="set data.file=scores.csv data.low=1 data.high=5 data.higher_is_better=true",
        )
    return read_table(
        file=Path(file).expanduser(),
        root=None if root is None else Path(root).expanduser(),
        image=image,
        score=score,
        reference=reference,
        content=content,
        low=float(low),
        high=float(high),
        higher_is_better=higher_is_better,
        label=label,
        allow_missing=allow_missing,
    )


def photographs_of(*, name: str, root: str | None) -> list[Path]:
    """List the photographs that synthetic pairs are made from: the files of a folder, none where the demo's are taken.

    Raises:
        DatasetError: no folder was given, or no photograph is in it.
    """
    if root is None and name != "demo":
        raise DatasetError(
            found=f"data={name} without data.root",
            expected="a folder of pristine photographs",
            do="set data.root=FOLDER",
        )
    return [] if root is None else photographs_in(Path(root).expanduser())
