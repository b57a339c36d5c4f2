"""One table for every dataset: a row an image, with its reference, content, label and score."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray

from ksiqa.data import table_checks as check
from ksiqa.data.facts import Facts

COLUMNS = {
    "image": "path of the distorted image (for synthetic pairs: its name)",
    "reference": "path of the reference, or None",
    "content": "what must not stand in two parts of a split: the reference's name, or the image's own",
    "raw": "the label as released (float)",
    "spread": "standard deviation of the opinions, NaN where the set has none",
    "score": "the label in [0, 1], higher is better (float)",
    "part": "the official part: train, validation, test or None",
    "distortion": "type of the distortion, or None",
    "level": "level of the distortion from 1, or NaN",
}


@dataclass(frozen=True)
class LabelTable:
    """Facts of a set and its rows. ``frame`` has a RangeIndex and exactly the columns of ``COLUMNS``."""

    facts: Facts
    frame: pd.DataFrame
    missing: int = 0  # rows left out because their image is not there
    missing_references: int = 0  # rows kept although their reference is not there
    unlisted: int = 0  # rows of the official release that the label file lacks
    kept: tuple[int, ...] | None = None  # place of each row in the label file, where rows were left out

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def scores(self) -> Float[ndarray, " rows"]:
        """The labels in [0, 1], higher is better."""
        return self.frame["score"].to_numpy(dtype=np.float64)

    @property
    def contents(self) -> list[str]:
        """What must not stand in two parts of a split, row by row."""
        return [str(content) for content in self.frame["content"]]

    @property
    def files(self) -> list[str]:
        """The files of all rows, each once: images, then references."""
        names = pd.concat([self.frame["image"], self.frame["reference"].dropna()])
        return [str(name) for name in names.unique()]


def checked_table(*, facts: Facts, frame: pd.DataFrame, label_file: Path, allow_missing: bool) -> LabelTable:
    """Check the rows that a reader took from a label file and bring them into the common form.

    Args:
        facts: the set's facts; its fixed scale turns ``raw`` into ``score``.
        frame: ``image``, ``content``, ``raw``, and what else of ``COLUMNS`` the set has, in the label file's
            order. The index is the row's place in the file, from 0. A column ``evidence``, a quantity
            that is known to rise with quality, proves the direction where there are no levels.
        label_file: named in every error.
        allow_missing: go on without the rows, images and references that are not there; they are counted.

    Raises:
        DatasetError: a label that is no number or outside the scale, a row given twice, a direction that is
            turned round, a row count that is not the release's, images or references that are not there.
    """
    check.has_columns(frame, ("image", "content", "raw"), label_file)
    frame = frame.copy()
    for column in {"raw", "spread", "level", "evidence"} & set(frame.columns):
        frame[column] = check.numbers(frame, column, label_file)
    check.inside_scale(frame, facts, label_file)
    check.no_row_twice(frame, label_file)
    unlisted = check.row_count(frame, facts, label_file, allow_missing=allow_missing)
    if not unlisted:  # a few rows prove no direction
        check.direction(frame, facts, label_file)
        check.reference_count(frame, facts, label_file)
    there = check.images_there(frame, facts, allow_missing=allow_missing)
    kept_frame = frame.loc[there]
    references = check.references_there(kept_frame, facts, allow_missing=allow_missing)
    kept = tuple(np.flatnonzero(there).tolist())
    whole = len(kept) == len(frame)
    return LabelTable(
        facts=facts,
        frame=_in_form(kept_frame, references, facts),
        missing=len(frame) - len(kept),
        missing_references=_count_lost(kept_frame, references),
        unlisted=unlisted,
        kept=None if whole else kept,
    )


def _count_lost(frame: pd.DataFrame, references: Sequence[str | None]) -> int:
    named = int(frame["reference"].notna().sum()) if "reference" in frame else 0
    return named - sum(reference is not None for reference in references)


def _in_form(frame: pd.DataFrame, references: Sequence[str | None], facts: Facts) -> pd.DataFrame:
    """Give the frame exactly ``COLUMNS``: texts as objects (None stays None), numbers as float."""
    raw = frame["raw"].to_numpy(dtype=np.float64)
    known: dict[str, Sequence[str | None] | ndarray] = {"reference": references, "score": facts.to_score(raw)}
    columns: dict[str, pd.Series] = {}
    for name in COLUMNS:
        values = known.get(name, list(frame[name]) if name in frame else [None] * len(frame))
        is_number = name in ("raw", "spread", "score", "level")
        columns[name] = pd.Series(values, dtype=np.float64 if is_number else object)
    return pd.DataFrame(columns)
