from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ksiqa.data.datasets import csiq, live, livec
from ksiqa.data.facts import Facts
from ksiqa.data.split import (
    PARTS,
    Split,
    check_split,
    file_split,
    fold_split,
    image_names,
    make_split,
    random_split,
    whole_training_part,
    with_less,
    write_split,
)
from ksiqa.data.split_rules import check_scored
from ksiqa.data.table import COLUMNS, LabelTable
from ksiqa.errors import ConfigError, SplitError
from tests.fake_iqa import write_csiq, write_live, write_livec

SHARES = {"test_share": 0.2, "validation_share": 0.1}
WHOLE = {**SHARES, "train_share": 1.0, "train_only": ()}  # what make_split wants beside them


def table(contents: list[str]) -> LabelTable:
    frame = pd.DataFrame({name: [None] * len(contents) for name in COLUMNS})
    frame["content"] = contents
    frame["image"] = [f"set/{content}/{row}.png" for row, content in enumerate(contents)]
    return LabelTable(Facts(name="a", title="A", label="MOS", low=0.0, high=1.0, higher_is_better=True), frame)


@pytest.fixture
def rows() -> LabelTable:
    return table([f"c{row % 20:02}" for row in range(60)])


def contents_of(rows: LabelTable, split: Split, part: str) -> set[str]:
    return {rows.contents[row] for row in split.part(part)}


def test_shares_are_of_contents(rows: LabelTable) -> None:
    split = random_split(rows, index=0, seed=1, **SHARES)
    assert [len(split.part(part)) for part in PARTS] == [42, 6, 12]
    assert [len(contents_of(rows, split, part)) for part in PARTS] == [14, 2, 4]


@pytest.mark.parametrize("source", ["random", "folds", "train_on_all"])
def test_contents_that_only_train(source: str, rows: LabelTable) -> None:
    textures = ["c03", "c07", "c11"]
    given = {**WHOLE, "source": source, "seed": 0, "folder": None, "train_only": textures}
    splits = [make_split(rows, **{**given, "index": index}) for index in range(5)]
    assert all(set(textures) <= contents_of(rows, split, "train") for split in splits)
    held_out = [content for split in splits for content in contents_of(rows, split, "test")]
    if source == "folds":
        assert sorted([*held_out, *textures]) == sorted(set(rows.contents))  # each of the others once


def test_no_validation_part(rows: LabelTable) -> None:
    split = random_split(rows, index=0, seed=1, test_share=0.2, validation_share=0.0)
    assert (len(split.train), split.validation, len(split.test)) == (48, (), 12)
    carved = random_split(rows, index=0, seed=1, **SHARES)
    assert carved.test == split.test
    assert whole_training_part(carved) == split


def test_draw_depends_on_seed_index_and_contents_alone(rows: LabelTable) -> None:
    first = random_split(rows, index=3, seed=1, **SHARES)
    assert random_split(rows, index=3, seed=1, **SHARES) == first
    assert random_split(rows, index=4, seed=1, **SHARES).test != first.test
    assert random_split(rows, index=3, seed=2, **SHARES).test != first.test
    turned = table(rows.contents[::-1])
    again = random_split(turned, index=3, seed=1, **SHARES)
    assert contents_of(turned, again, "test") == contents_of(rows, first, "test")


def test_draw_is_the_same_everywhere(rows: LabelTable) -> None:
    """Fixed numbers: a change of the draw would silently change every result."""
    split = random_split(rows, index=0, seed=0, **SHARES)
    assert contents_of(rows, split, "test") == {"c02", "c04", "c06", "c19"}


def test_folds_test_every_row_twice(rows: LabelTable) -> None:
    splits = [fold_split(rows, index=index, seed=0, validation_share=0.1) for index in range(10)]
    for repeat in (splits[:5], splits[5:]):
        assert sorted(row for split in repeat for row in split.test) == list(range(60))
    assert splits[0].test != splits[5].test


def test_less_to_train_on_is_part_of_more_and_changes_no_other_part(rows: LabelTable) -> None:
    whole = random_split(rows, index=1, seed=3, **SHARES)
    splits = [with_less(whole, rows, share=share, seed=3) for share in (0.2, 0.4, 0.6, 0.8, 1.0)]
    assert [len(contents_of(rows, split, "train")) for split in splits] == [3, 6, 8, 11, 14]
    for less, more in pairwise(splits):
        assert set(less.train) < set(more.train)
    for split in splits:
        check_split(rows, split)
        assert (split.validation, split.test) == (whole.validation, whole.test)
        assert sorted(split.train + split.unused) == list(whole.train)
    assert splits[-1] == whole
    assert with_less(whole, rows, share=0.4, seed=4).train != splits[1].train


def test_all_to_train_on_or_all_to_test_on(rows: LabelTable) -> None:
    given = {"index": 0, "seed": 0, "folder": None, **WHOLE, "validation_share": 0.0}
    train, test = (make_split(rows, source=source, **given) for source in ("train_on_all", "test_on_all"))
    assert (train.train, train.validation, train.test) == (tuple(range(60)), (), ())
    assert (test.train, test.validation, test.test) == ((), (), tuple(range(60)))
    held_out = make_split(rows, source="train_on_all", **{**given, "validation_share": 0.1})
    assert (len(held_out.train), len(held_out.validation), held_out.test) == (54, 6, ())


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"source": "folds", "index": 10}, "split.index=10\nexpected: 0 to 9"),
        ({"source": "official", "index": 1}, "split.index=1\nexpected: 0: official is one split"),
        ({"source": "official"}, "split.source=official with A, whose label file names no parts"),
        ({"source": "arniqa"}, "split.source=arniqa without split.folder"),
        ({"source": "files"}, "split.source=files without split.folder"),
        ({"source": "arniqa", "folder": Path()}, "split.source=arniqa of A, 0 rows unlisted"),
        ({"test_share": 0.01}, "an empty test part\nexpected: rows in test"),
        ({"test_share": 1.0}, "an empty train part"),
        ({"validation_share": 0.01}, "a validation share of 0.01 of 20 contents: none"),
        ({"seed": -1}, "no negative number"),
        ({"train_share": 0.01}, "split.train_share=0.01 of 14 contents\nexpected: a share above 0 and up to 1"),
        ({"train_share": 1.5}, "split.train_share=1.5 of 14 contents"),
        ({"train_only": ["c99"]}, "split.train_only with c99\nexpected: contents of A, such as c00"),
        ({"source": "official", "train_only": ["c00"]}, "split.train_only=['c00'] with split.source=official"),
        ({"source": "test_on_all", "index": 1}, "split.index=1\nexpected: 0: test_on_all is one split"),
    ],
)
def test_split_that_cannot_be_made(rows: LabelTable, changes: dict[str, object], text: str) -> None:
    given = {"source": "random", "index": 0, "seed": 0, "folder": None, **WHOLE}
    with pytest.raises(SplitError) as error:
        make_split(rows, **{**given, **changes})
    assert text in str(error.value)


def test_unknown_source(rows: LabelTable) -> None:
    with pytest.raises(
        ConfigError, match=r"split.source=randon\nexpected: one of arniqa, .*\ndo: set split.source=random"
    ):
        make_split(rows, source="randon", index=0, seed=0, folder=None, **WHOLE)


@pytest.mark.parametrize(
    ("train", "validation", "test", "text"),
    [
        ((0, 1), (), (), "an empty test part"),
        ((), (0,), (1, 2, 3), "an empty train part"),
        ((0, 1), (1,), (2, 3), "1 rows more than once, first row 2 in train, validation"),
        ((0,), (), (1, 2), "1 rows in no part, first 4"),
        ((0, 1), (), (2, 3, 9), "1 rows that are not there, first 10"),
        ((0, 2), (), (1, 3), "b in train and in test\nexpected: all images of a content in one part"),
    ],
)
def test_broken_rules(train: tuple, validation: tuple, test: tuple, text: str) -> None:
    with pytest.raises(SplitError) as error:
        check_split(table(["a", "b", "b", "c"]), Split("files", 0, train, validation, test))
    assert text in str(error.value)


@pytest.mark.parametrize(("part", "other"), [("validation", "test"), ("test", "validation")])
def test_a_single_image_to_be_scored(part: str, other: str) -> None:
    rows = table(["a", "b", "c", "d"])
    split = Split("random", 3, **{"train": (0,), part: (1,), other: (2, 3)})
    with pytest.raises(SplitError) as error:
        check_scored(rows, split, parts=PARTS)
    assert f"found: split random 3 of {rows.facts.title}: one image in the {part} part\nexpected: 2" in str(error.value)
    assert f"raise split.{part}_share, complete the split's files, or add images" in error.value.do
    check_scored(rows, split, parts=["train", other])
    check_scored(rows, Split("random", 0, (0,), (), (1, 2), (3,)), parts=PARTS)


def test_written_split_is_read_again(tmp_path: Path) -> None:
    facts = write_live(tmp_path / "live")
    rows = live.read(tmp_path / "live", facts=facts)
    split = random_split(rows, index=2, seed=0, test_share=0.2, validation_share=0.2)
    write_split(split, rows, tmp_path / "split")
    assert (tmp_path / "split/test.txt").read_text().splitlines()[0].count("/") == 1  # img2.bmp is there five times
    again = file_split(rows, folder=tmp_path / "split")
    assert (again.train, again.validation, again.test) == (split.train, split.validation, split.test)
    less = with_less(split, rows, share=0.5, seed=0)
    write_split(less, rows, tmp_path / "split")
    again = file_split(rows, folder=tmp_path / "split")
    assert (again.train, again.unused) == (less.train, less.unused)


def test_names_are_as_short_as_can_be(tmp_path: Path) -> None:
    facts = write_livec(tmp_path)
    assert image_names(livec.read(tmp_path, facts=facts))[0] == "100.bmp"


@pytest.mark.parametrize(
    ("files", "text"),
    [
        (
            {"train": "0.png\n1.png\n", "test": "2.png\n9.png\n"},
            "1 names that the set does not have, first 9.png in test",
        ),
        ({"train": "0.png\n1.png\n", "test": "1.png\n2.png\n"}, "test.txt: 1.png is in train already"),
        ({"train": "0.png\n1.png\n", "test": "2.png\n"}, "1 rows in no part, first 4"),
        ({"train": "0.png\n1.png\n"}, "test.txt: "),
    ],
)
def test_wrong_files(tmp_path: Path, files: dict[str, str], text: str) -> None:
    for part, lines in files.items():
        (tmp_path / f"{part}.txt").write_text(lines)
    with pytest.raises(SplitError) as error:
        file_split(table(["a", "b", "c", "c"]), folder=tmp_path)
    assert text in str(error.value)


def test_ambiguous_name(tmp_path: Path) -> None:
    facts = write_live(tmp_path / "live")
    (tmp_path / "train.txt").write_text("img2.bmp\n")
    with pytest.raises(SplitError, match=r"train.txt: img2.bmp means 5 images"):
        file_split(live.read(tmp_path / "live", facts=facts), folder=tmp_path)


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    """One split of a tiny CSIQ in the published form: by reference, in the list's order, padded with -1."""
    facts = write_csiq(tmp_path / "csiq")
    contents = csiq.read(tmp_path / "csiq", facts=facts).contents
    parts = {"test": ["woman"], "val": ["sunsetcolor"], "train": ["1600", "aerial_city", "sunset_sparrow"]}
    (tmp_path / "CSIQ").mkdir()
    for part, names in parts.items():
        numbers = [row for row, content in enumerate(contents) if content in names]
        np.save(tmp_path / "CSIQ" / f"{part}.npy", np.array([[*numbers, -1, -1]]))
    return tmp_path


def arniqa(arrays: Path, allow_missing: bool = False, **changes: object) -> tuple[LabelTable, Split]:
    facts = replace(csiq.FACTS, rows=145, references=5)
    rows = csiq.read(arrays / "csiq", facts=facts, allow_missing=allow_missing)
    given = {"source": "arniqa", "index": 0, "seed": 0, "folder": arrays, **WHOLE}
    return rows, make_split(rows, **{**given, **changes})


def test_published_arrays(arrays: Path) -> None:
    rows, split = arniqa(arrays)
    assert contents_of(rows, split, "test") == {"woman"}
    assert contents_of(rows, split, "validation") == {"sunsetcolor"}
    rows, split = arniqa(arrays, validation_share=0.0)
    assert split.validation == ()
    assert "sunsetcolor" in contents_of(rows, split, "train")


def test_published_arrays_on_a_partial_copy(arrays: Path) -> None:
    (arrays / "csiq/dst_imgs/awgn/1600.AWGN.1.png").unlink()
    rows, split = arniqa(arrays, allow_missing=True)
    assert (len(rows), rows.missing) == (144, 1)
    assert contents_of(rows, split, "test") == {"woman"}


def test_no_such_published_split(arrays: Path) -> None:
    with pytest.raises(SplitError, match=r"split.index=1\nexpected: 0 to 0"):
        arniqa(arrays, index=1)
    with pytest.raises(SplitError, match=r"CSIQ.train.npy: .*\nexpected: the arrays published with ARNIQA"):
        arniqa(arrays, folder=arrays / "elsewhere")


def test_row_number_that_does_not_fit(arrays: Path) -> None:
    np.save(arrays / "CSIQ/test.npy", np.array([[145]]))
    with pytest.raises(SplitError, match=r"test.npy: row number 145 of split 0\nexpected: every number from 0 to 144"):
        arniqa(arrays)
