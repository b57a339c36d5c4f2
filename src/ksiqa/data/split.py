"""Where the parts of a split come from; ``make_split`` is the front door."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ksiqa.data.split_draws import fold_split, random_split, whole_split, with_less
from ksiqa.data.split_files import arniqa_split, file_split, image_names, write_split
from ksiqa.data.split_rules import PARTS, Split, check_split, split_of, whole_training_part
from ksiqa.data.table import LabelTable
from ksiqa.errors import SplitError, choice

SOURCES = ("random", "official", "arniqa", "folds", "files", "train_on_all", "test_on_all")
ONE = ("official", "files", "test_on_all")  # sources of a single split
DRAWN = ("random", "folds", "train_on_all")


def make_split(
    table: LabelTable,
    *,
    source: str,
    index: int,
    seed: int,
    test_share: float,
    validation_share: float,
    train_share: float,
    train_only: Sequence[str],
    folder: Path | None,
) -> Split:
    """Split a table.

    Args:
        table: the rows.
        source: one of ``SOURCES``.
        index: which of the source's splits, from 0.
        seed: of all that is drawn.
        test_share: of the contents, in (0, 1); of ``random``.
        validation_share: of all contents, carved out of the rest; of ``random``, ``folds`` and ``train_on_all``. With 0
            published validation parts are trained on, too; the parts of ``files`` stay as they are.
        train_share: of the training part's contents, in (0, 1]: how much of it is used.
        train_only: contents that train in every split and are never held out; of the sources that draw.
        folder: of the arrays for ``arniqa``, of the text files for ``files``.

    Raises:
        ConfigError: no such source.
        SplitError: the set has no such split, or a rule of ``check_split`` does not hold.
    """
    choice(source, allowed=SOURCES, name="split.source")
    if source in ONE and index != 0:
        raise SplitError(found=f"split.index={index}", expected=f"0: {source} is one split", do="set split.index=0")
    if train_only and source not in DRAWN:
        raise SplitError(
            found=f"split.train_only={list(train_only)} with split.source={source}",
            expected=f"a split that is drawn: {', '.join(DRAWN)}",
            do="leave split.train_only empty",
        )
    drawn: dict[str, Any] = {
        "index": index,
        "seed": seed,
        "validation_share": validation_share,
        "train_only": train_only,
    }
    if source in ("official", "arniqa", "files"):
        split = _written(table, source=source, index=index, folder=folder)
        split = whole_training_part(split) if validation_share == 0 and source != "files" else split
    elif source == "random":
        split = random_split(table, test_share=test_share, **drawn)
    elif source == "folds":
        split = fold_split(table, **drawn)
    elif source == "train_on_all":
        split = whole_split(table, **drawn)
    else:
        return split_of(table, source=source, index=0, part_of=["test"] * len(table))
    return split if train_share == 1 else with_less(split, table, share=train_share, seed=seed, train_only=train_only)


def _written(table: LabelTable, *, source: str, index: int, folder: Path | None) -> Split:
    if source == "official":
        return official_split(table)
    if folder is None:
        raise SplitError(
            found=f"split.source={source} without split.folder",
            expected="the folder of its files",
            do="set split.folder=FOLDER",
        )
    return arniqa_split(table, index=index, folder=folder) if source == "arniqa" else file_split(table, folder=folder)


def official_split(table: LabelTable) -> Split:
    """Take the parts that the authors of the set published (KonIQ-10k).

    Raises:
        SplitError: the set, or its label file, has none.
    """
    parts = [str(part) for part in table.frame["part"]]
    if not set(parts) <= set(PARTS):
        raise SplitError(
            found=f"split.source=official with {table.facts.title}, whose label file names no parts",
            expected="a set with an official split: KonIQ-10k with koniq10k_distributions_sets.csv",
            do="set split.source=random",
        )
    return split_of(table, source="official", index=0, part_of=parts)


__all__ = [
    "SOURCES",
    "Split",
    "arniqa_split",
    "check_split",
    "file_split",
    "fold_split",
    "image_names",
    "make_split",
    "official_split",
    "random_split",
    "whole_split",
    "whole_training_part",
    "with_less",
    "write_split",
]
