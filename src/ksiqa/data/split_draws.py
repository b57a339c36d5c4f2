"""Splits that are drawn by content: random ones, folds, and smaller shares to train on."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ksiqa.data.split_rules import Split, split_of
from ksiqa.data.table import LabelTable
from ksiqa.errors import SplitError

FOLDS = 5  # two repeats of five parts test every image twice: ten splits
OF_FOLDS, OF_SHARES = 5, 7  # third numbers of a seed: draws that have nothing to do with those of random_split


def random_split(
    table: LabelTable,
    *,
    index: int,
    seed: int,
    test_share: float,
    validation_share: float,
    train_only: Sequence[str] = (),
) -> Split:
    """Draw the parts by content: shares are of contents, and all images of a content share a part.

    The draw depends on seed, index and the names of the contents alone, not on paths or the order of rows. Contents in
    ``train_only`` are not drawn from: they train in every split.

    Raises:
        SplitError: a share leaves a part empty, or no such content.
    """
    contents = _shuffled(_drawn_from(table, train_only), [seed, index])
    test = round(test_share * len(contents))
    return _by_content(table, "random", index, contents[:test], contents[test:], validation_share)


def whole_split(
    table: LabelTable, *, index: int, seed: int, validation_share: float, train_only: Sequence[str] = ()
) -> Split:
    """Train on all, but for a validation part where one is asked for, and test on nothing.

    Raises:
        SplitError: the share leaves a part empty, or ``train_only`` names no content.
    """
    contents = _shuffled(_drawn_from(table, train_only), [seed, index])
    return _by_content(table, "train_on_all", index, [], contents, validation_share)


def fold_split(
    table: LabelTable, *, index: int, seed: int, validation_share: float, train_only: Sequence[str] = ()
) -> Split:
    """Take fold ``index % 5`` of repeat ``index // 5``, 2 x 5 by content, as the test part; contents in ``train_only``
    are in no fold and train in every split.

    Raises:
        SplitError: no such fold or content, or a part that is left empty.
    """
    repeat, fold = divmod(index, FOLDS)
    if not 0 <= index < 2 * FOLDS:
        raise SplitError(
            found=f"split.index={index}",
            expected="0 to 9: two repeats of five folds",
            do="choose one of them",
        )
    contents = _shuffled(_drawn_from(table, train_only), [seed, repeat, OF_FOLDS])
    test = contents[fold::FOLDS]
    rest = [content for place, content in enumerate(contents) if place % FOLDS != fold]
    return _by_content(table, "folds", index, test, rest, validation_share)


def with_less(split: Split, table: LabelTable, *, share: float, seed: int, train_only: Sequence[str] = ()) -> Split:
    """Leave a share of the training part's contents in it and make the others unused; the other parts stay, and so do
    the contents in ``train_only``.

    Of one seed and split, a smaller share is part of a larger one.

    Raises:
        SplitError: the share is not in (0, 1], or leaves no content.
    """
    of_row = table.contents
    drawn = {of_row[row] for row in split.train} - set(train_only)
    contents = _shuffled(sorted(drawn), [seed, split.index, OF_SHARES])
    count = round(share * len(contents))
    if not 0 < share <= 1 or count == 0:
        raise SplitError(
            found=f"split.train_share={share:g} of {len(contents)} contents",
            expected="a share above 0 and up to 1 that leaves a content to train on",
            do="raise split.train_share, or set it to 1",
        )
    kept = {*contents[:count], *train_only}
    return replace(
        split,
        train=tuple(row for row in split.train if of_row[row] in kept),
        unused=tuple(row for row in split.train if of_row[row] not in kept),
    )


def _drawn_from(table: LabelTable, train_only: Sequence[str]) -> list[str]:
    contents = set(table.contents)
    unknown = [name for name in train_only if name not in contents]
    if unknown:
        raise SplitError(
            found=f"split.train_only with {unknown[0]}",
            expected=f"contents of {table.facts.title}, such as {min(contents)}",
            do="correct the name, or leave it out",
        )
    return sorted(contents - set(train_only))


def _shuffled(contents: Sequence[str], seeds: list[int]) -> list[str]:
    if min(seeds) < 0:
        raise SplitError(found=f"seed and index {seeds}", expected="no negative number", do="count from 0")
    names = sorted(set(contents))
    return [names[place] for place in np.random.default_rng(seeds).permutation(len(names))]


def _by_content(
    table: LabelTable, source: str, index: int, test: Sequence[str], rest: Sequence[str], validation_share: float
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
