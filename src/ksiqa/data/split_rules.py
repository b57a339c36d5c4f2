"""A split of a table's rows, and the rules that every split keeps."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from ksiqa.data.table import LabelTable
from ksiqa.errors import SplitError

PARTS = ("train", "validation", "test")
WITH_UNUSED = (*PARTS, "unused")
MAY_LACK = {"train_on_all": "test", "test_on_all": "train"}  # sources that leave a part empty on purpose


@dataclass(frozen=True)
class Split:
    """Rows of a table in three parts, and those left out of all, each in ascending order."""

    source: str  # as in split.source=NAME
    index: int
    train: tuple[int, ...]
    validation: tuple[int, ...]  # may be empty
    test: tuple[int, ...]
    unused: tuple[int, ...] = ()  # where less is trained on than there is

    def part(self, name: str) -> tuple[int, ...]:
        """Return the rows of ``train``, ``validation``, ``test`` or ``unused``."""
        return getattr(self, name)


def split_of(table: LabelTable, *, source: str, index: int, part_of: list[str]) -> Split:
    """Make the split in which each row of the table is in the part named, and check it.

    Raises:
        SplitError: as ``check_split``.
    """
    rows = {name: tuple(row for row, part in enumerate(part_of) if part == name) for name in WITH_UNUSED}
    split = Split(source, index, **rows)
    check_split(table, split)
    return split


def whole_training_part(split: Split) -> Split:
    """Move the validation part into the training part, for recipes of a fixed length that choose nothing."""
    return Split(split.source, split.index, tuple(sorted(split.train + split.validation)), (), split.test)


def check_split(table: LabelTable, split: Split) -> None:
    """Check that every row is in exactly one part or unused, no content in two parts, and no part but validation empty.

    Raises:
        SplitError: one of them does not hold.
    """
    name = f"split {split.source} {split.index} of {table.facts.title}"
    for part in ("train", "test"):
        if not split.part(part) and MAY_LACK.get(split.source) != part:
            raise _broken(f"{name}: an empty {part} part", f"rows in {part}")
    places = Counter(row for part in WITH_UNUSED for row in split.part(part))
    twice = [row for row, times in places.items() if times > 1]
    if twice:
        where = ", ".join(part for part in WITH_UNUSED for row in split.part(part) if row == twice[0])
        found = f"{name}: {len(twice)} rows more than once, first row {twice[0] + 1} in {where}"
        raise _broken(found, "every row in exactly one part")
    rows = set(range(len(table)))
    if set(places) != rows:
        lacking, unknown = sorted(rows - set(places)), sorted(set(places) - rows)
        what = f"in no part, first {lacking[0] + 1}" if lacking else f"that are not there, first {unknown[0] + 1}"
        found = f"{name}: {len(lacking or unknown)} rows {what}"
        raise _broken(found, f"each of the {len(rows)} rows in exactly one part")
    contents = table.contents
    home: dict[str, str] = {}
    for part in PARTS:
        for row in split.part(part):
            if home.setdefault(contents[row], part) != part:
                found = f"{name}: {contents[row]} in {home[contents[row]]} and in {part}"
                raise _broken(found, "all images of a content in one part")


def check_scored(table: LabelTable, split: Split, *, parts: Collection[str]) -> None:
    """See whether the parts that will be scored have no image or several: one has no correlation.

    Args:
        table: the rows.
        split: of the images that can be used.
        parts: of ``PARTS``, those that are used; what is trained on may be a single image.

    Raises:
        SplitError: a part of one image.
    """
    for part in (one for one in parts if one != "train"):
        if len(split.part(part)) == 1:
            raise SplitError(
                found=f"split {split.source} {split.index} of {table.facts.title}: one image in the {part} part",
                expected="2 images or more: a correlation is a statement about several",
                do=f"give the {part} part more: raise split.{part}_share, complete the split's files, or add images",
            )


def _broken(found: str, expected: str) -> SplitError:
    return SplitError(
        found=found,
        expected=expected,
        do="set split.source, its shares or its files so that they fit the set",
    )
