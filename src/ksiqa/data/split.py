"""Where the parts of a split come from; ``make_split`` is the front door."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ksiqa.data.split_files import arniqa_split, file_split, image_names, write_split
from ksiqa.data.split_rules import PARTS, Split, check_split, split_of, whole_training_part
from ksiqa.data.table import LabelTable
from ksiqa.errors import SplitError, choice

SOURCES = ("random", "official", "arniqa", "folds", "files")
FOLDS = 5  # two repeats of five parts test every image twice: ten splits


def make_split(
    table: LabelTable,
    *,
    source: str,
    index: int,
    seed: int,
    test_share: float,
    validation_share: float,
    folder: Path | None,
) -> Split:
    """Split a table.

    Args:
        table: the rows.
        source: ``random``, ``official``, ``arniqa``, ``folds`` or ``files``.
        index: which of the source's splits, from 0.
        seed: of ``random`` and ``folds``.
        test_share: of the contents, in (0, 1); of ``random``.
        validation_share: of all contents, carved out of the rest; of ``random`` and ``folds``; 0 for none.
        folder: of the arrays for ``arniqa``, of the text files for ``files``.

    Raises:
        ConfigError: no such source.
        SplitError: the set has no such split, or a rule of ``check_split`` does not hold.
    """
    choice(source, allowed=SOURCES, name="split.source")
    if source == "random":
        shares = {"test_share": test_share, "validation_share": validation_share}
        return random_split(table, index=index, seed=seed, **shares)
    if source == "folds":
        return fold_split(table, index=index, seed=seed, validation_share=validation_share)
    if source in ("official", "files") and index != 0:
        raise SplitError(found=f"split.index={index}", expected=f"0: {source} is one split", do="set split.index=0")
    if source == "official":
        return official_split(table)
    if folder is None:
        raise SplitError(
            found=f"split.source={source} without split.folder",
            expected="the folder of its files",
            do="set split.folder=FOLDER",
        )
    return arniqa_split(table, index=index, folder=folder) if source == "arniqa" else file_split(table, folder=folder)


def random_split(table: LabelTable, *, index: int, seed: int, test_share: float, validation_share: float) -> Split:
    """Draw the parts by content: shares are of contents, and all images of a content share a part.

    The draw depends on seed, index and the names of the contents alone, not on paths or the order of rows.

    Raises:
        SplitError: a share leaves a part empty.
    """
    contents = _shuffled(table, [seed, index])
    test = round(test_share * len(contents))
    return _by_content(table, "random", index, contents[:test], contents[test:], validation_share)


def fold_split(table: LabelTable, *, index: int, seed: int, validation_share: float) -> Split:
    """Take fold ``index % 5`` of repeat ``index // 5``, 2 x 5 by content, as the test part.

    Raises:
        SplitError: no such fold, or a part that is left empty.
    """
    repeat, fold = divmod(index, FOLDS)
    if not 0 <= index < 2 * FOLDS:
        raise SplitError(
            found=f"split.index={index}",
            expected="0 to 9: two repeats of five folds",
            do="choose one of them",
        )
    contents = _shuffled(table, [seed, repeat, FOLDS])  # the third number: not the draws of random_split
    test = contents[fold::FOLDS]
    rest = [content for place, content in enumerate(contents) if place % FOLDS != fold]
    return _by_content(table, "folds", index, test, rest, validation_share)


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


def _shuffled(table: LabelTable, seeds: list[int]) -> list[str]:
    if min(seeds) < 0:
        raise SplitError(found=f"seed and index {seeds}", expected="no negative number", do="count from 0")
    contents = sorted(set(table.contents))
    return [contents[place] for place in np.random.default_rng(seeds).permutation(len(contents))]


def _by_content(
    table: LabelTable,
    source: str,
    index: int,
    test: Sequence[str],
    rest: Sequence[str],
    validation_share: float,
) -> Split:
    """Carve the validation part out of the shuffled rest."""
    count = round(validation_share * (len(test) + len(rest)))
    if validation_share > 0 and count == 0:
        raise SplitError(
            found=f"a validation share of {validation_share:g} of {len(test) + len(rest)} contents: none",
            expected="at least one content in validation",
            do="raise split.validation_share, or set it to 0 to have no validation part",
        )
    parts = {**dict.fromkeys(test, "test"), **dict.fromkeys(rest[:count], "validation")}
    part_of = [parts.get(content, "train") for content in table.contents]
    return split_of(table, source=source, index=index, part_of=part_of)


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
    "whole_training_part",
    "write_split",
]
