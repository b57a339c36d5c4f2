import csv
import json

import pytest

from ksiqa.errors import ConfigError
from ksiqa.prediction.text_rows import TextRows
from tests.prediction.conftest import COLUMNS, row

ODD = ('a,"b".png', "line\nand \u2028 another\r.png", "b\\xff é.png", "c.png", "d\r.png")
ROWS = [row(name, score=1 / 3 + place, error="no; mend it" if place == 1 else "") for place, name in enumerate(ODD)]
FORMS = (".csv", ".jsonl")


@pytest.fixture(params=FORMS)
def rows(request, tmp_path):
    return TextRows(tmp_path / f"scores{request.param}", COLUMNS)


def _written(rows, added=ROWS):
    rows.keep(lambda row: True)
    with rows.adding() as add:
        for one in added:
            add(one)
    return rows.path.read_bytes()


def test_rows_come_back_as_they_were_to_the_bit(rows):
    _written(rows)
    assert list(rows.read()) == ROWS
    with rows.path.open(newline="") as file:
        others = list(csv.DictReader(file)) if rows.is_csv else [json.loads(line) for line in file]
    assert [one["image"] for one in others] == list(ODD)
    assert [float(one["score"]) for one in others] == [one["score"] for one in ROWS]


def test_each_row_is_in_the_file_at_once(rows):
    rows.keep(lambda row: True)
    with rows.adding() as add:
        for count, one in enumerate(ROWS, start=1):
            add(one)
            assert len(list(rows.read())) == count


def test_wherever_the_file_was_cut_off_its_whole_rows_are_kept(rows):
    """No row is half, none that was whole is lost, and what follows is a row of its own."""
    whole, ends = b"", []
    for count in range(len(ROWS) + 1):
        rows.path.unlink(missing_ok=True)
        whole = _written(rows, ROWS[:count])
        ends.append(len(whole))
    for length in range(len(whole) + 1):
        rows.path.write_bytes(whole[:length])
        kept = sum(end <= length for end in ends[1:])
        assert list(rows.read()) == ROWS[:kept], whole[:length]
        if length % 40 == 0:
            _written(rows, ROWS[-1:])
            assert list(rows.read()) == [*ROWS[:kept], ROWS[-1]]


def test_rows_are_left_out(rows):
    _written(rows)
    rows.keep(lambda row: not row["error"])
    assert list(rows.read()) == [one for one in ROWS if not one["error"]]


@pytest.mark.parametrize("content", ["image,score\na.png,0.5\n", "notes", '{"image": "a.png"}\n', "[1]\n", "\n"])
def test_a_file_of_something_else_is_refused_and_left_as_it_is(rows, content):
    rows.path.write_text(content)
    with pytest.raises(ConfigError, match=r"found: .*scores.*\nexpected: no such file, or the rows of .*\ndo: choose"):
        rows.keep(lambda row: True)
    assert rows.path.read_text() == content


def test_a_file_that_is_no_text_is_refused(rows):
    rows.path.write_bytes("image,score\n".encode("utf-16"))
    with pytest.raises(ConfigError, match="a row that is none"):
        list(rows.read())


@pytest.mark.parametrize("line", [b'a.png,"0.5"x\n', b"a.png,0.5\n", b"a.png,good,,,,,,\n", b'{"image": 1}\n', b"\n"])
def test_a_row_in_the_middle_that_is_none_is_refused(rows, line):
    lines = _written(rows, [ROWS[0], ROWS[3]]).splitlines(keepends=True)
    rows.path.write_bytes(b"".join([*lines[:-1], line, lines[-1]]))
    with pytest.raises(ConfigError, match="a row that is none"):
        list(rows.read())
