"""What holds of every split that is drawn, of any table."""

from itertools import pairwise
from random import Random

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ksiqa.data.facts import Facts
from ksiqa.data.split import PARTS, Split, make_split
from ksiqa.data.table import COLUMNS, LabelTable
from ksiqa.errors import SplitError

FACTS = Facts(name="a", title="A", label="MOS", low=0.0, high=1.0, higher_is_better=True)
PROPERTY = settings(derandomize=True, deadline=None, max_examples=60)
SHARES = st.sampled_from([0.0, 0.1, 0.15, 0.2, 1 / 3, 0.4])


def _table(contents: list[str]) -> LabelTable:
    frame = pd.DataFrame({name: [None] * len(contents) for name in COLUMNS})
    frame["content"] = contents
    return LabelTable(FACTS, frame)


@st.composite
def rows_of_contents(draw: st.DrawFn) -> list[str]:
    """Return each row's content: seven contents or more, of one to six images, mixed up."""
    images = draw(st.lists(st.integers(1, 6), min_size=7, max_size=30))
    rows = [f"content {number}" for number, count in enumerate(images) for _ in range(count)]
    return list(draw(st.permutations(rows)))


@st.composite
def askings(draw: st.DrawFn) -> dict[str, object]:
    """What a config may ask of a split that is drawn."""
    return {
        "source": draw(st.sampled_from(["random", "folds", "train_on_all"])),
        "index": draw(st.integers(0, 9)),
        "seed": draw(st.integers(0, 2**32)),
        "test_share": draw(SHARES.filter(bool)),
        "validation_share": draw(SHARES),
        "train_share": draw(st.sampled_from([1.0, 0.8, 0.5])),
        "train_only": [f"content {number}" for number in draw(st.sets(st.integers(0, 6), max_size=2))],
        "folder": None,
    }


def _made(table: LabelTable, asked: dict[str, object]) -> Split | None:
    """Return the split; None where it says that a part would be empty."""
    try:
        return make_split(table, **asked)
    except SplitError as error:
        if any(text in str(error) for text in ("an empty ", ": none\n", "split.train_share=")):
            return None
        raise


def _contents(table: LabelTable, split: Split) -> dict[str, set[str]]:
    return {part: {table.contents[row] for row in split.part(part)} for part in (*PARTS, "unused")}


@PROPERTY
@given(rows=rows_of_contents(), asked=askings())
def test_every_row_is_in_one_part_no_content_in_two_and_shares_are_met(rows: list[str], asked: dict) -> None:
    table = _table(rows)
    split = _made(table, asked)
    if split is None:
        return
    placed = [row for part in (*PARTS, "unused") for row in split.part(part)]
    assert sorted(placed) == list(range(len(table)))
    found = _contents(table, split)
    assert sum(map(len, found.values())) == len(set(table.contents))
    drawn = len(set(table.contents)) - len(asked["train_only"])
    test = {"random": asked["test_share"] * drawn, "folds": drawn / 5, "train_on_all": 0}[asked["source"]]
    assert abs(len(found["test"]) - test) < 1
    assert abs(len(found["validation"]) - asked["validation_share"] * drawn) <= 0.5
    trained = found["train"] - set(asked["train_only"])
    assert abs(len(trained) - asked["train_share"] * len(trained | found["unused"])) <= 0.5
    assert set(asked["train_only"]) <= found["train"]


@PROPERTY
@given(rows=rows_of_contents(), asked=askings(), random=st.randoms(use_true_random=False))
def test_the_same_contents_are_drawn_again_whatever_the_order_and_number_of_rows(
    rows: list[str], asked: dict, random: Random
) -> None:
    table = _table(rows)
    split = _made(table, asked)
    if split is None:
        return
    assert make_split(table, **asked) == split
    more = [*rows, *random.sample(rows, k=3)]
    random.shuffle(more)
    other = _table(more)
    assert _contents(other, make_split(other, **asked)) == _contents(table, split)


@PROPERTY
@given(rows=rows_of_contents(), asked=askings(), repeat=st.integers(0, 1))
def test_folds_test_each_content_once_but_those_that_only_train(rows: list[str], asked: dict, repeat: int) -> None:
    table, asked = _table(rows), {**asked, "source": "folds", "validation_share": 0.0}
    splits = [make_split(table, **{**asked, "index": 5 * repeat + fold}) for fold in range(5)]
    tested = [row for split in splits for row in split.test]
    assert sorted(tested) == [row for row, name in enumerate(table.contents) if name not in asked["train_only"]]
    sizes = [len(_contents(table, split)["test"]) for split in splits]
    assert max(sizes) - min(sizes) <= 1


@PROPERTY
@given(rows=rows_of_contents(), asked=askings())
def test_less_to_train_on_is_part_of_more(rows: list[str], asked: dict) -> None:
    table = _table(rows)
    shares = [_made(table, {**asked, "train_share": share}) for share in (0.3, 0.6, 1.0)]
    there = [split for split in shares if split is not None]
    for less, more in pairwise(there):
        assert set(less.train) <= set(more.train)
        assert (less.validation, less.test) == (more.validation, more.test)
