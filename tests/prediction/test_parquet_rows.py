import sys
from contextlib import suppress

import pandas as pd
import pytest

from ksiqa.errors import ConfigError, FolderInUseError
from ksiqa.prediction import parquet_rows
from ksiqa.prediction.parquet_rows import ParquetRows
from tests.prediction.conftest import COLUMNS, row

ROWS = [row(f"{number}.png", score=number / 7, error="bad" if number == 3 else "") for number in range(7)]


@pytest.fixture
def rows(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_rows, "ROWS", 3)
    (tmp_path / "scores.parquet").mkdir()
    return ParquetRows(tmp_path / "scores.parquet", COLUMNS)


def _parts(rows):
    return sorted(file.name for file in rows.path.iterdir())


def _add(rows, added, *, rank=0):
    with rows.adding(rank) as add:
        for one in added:
            add(one)


def test_parts_are_read_as_one_table(rows):
    _add(rows, ROWS[:5])
    _add(rows, ROWS[5:], rank=1)
    assert _parts(rows) == ["part-0-000000.parquet", "part-0-000001.parquet", "part-1-000000.parquet"]
    table = pd.read_parquet(rows.path)
    assert tuple(table) == COLUMNS
    assert table["image"].tolist() == [one["image"] for one in ROWS]
    assert table["score"].tolist() == [one["score"] for one in ROWS]
    assert table["low"].dtype == float
    assert list(rows.read()) == ROWS


def test_later_parts_replace_none(rows):
    for one in ROWS[:2]:
        _add(rows, [one])
    assert _parts(rows) == ["part-0-000000.parquet", "part-0-000001.parquet"]


def test_what_was_added_before_an_error_is_kept(rows):
    with suppress(KeyboardInterrupt), rows.adding() as add:
        add(ROWS[0])
        raise KeyboardInterrupt
    assert list(rows.read()) == ROWS[:1]


def test_a_part_is_written_when_it_is_old(rows, monkeypatch):
    monkeypatch.setattr(parquet_rows, "SECONDS", 0.0)
    with rows.adding() as add:
        add(ROWS[0])
        assert list(rows.read()) == ROWS[:1]


def test_rows_are_left_out_and_parts_without_any_go(rows):
    _add(rows, ROWS)
    rows.keep(lambda one: not one["error"] and one["image"] != "6.png")
    assert list(rows.read()) == [one for one in ROWS[:6] if not one["error"]]
    assert len(_parts(rows)) == 2


def test_one_process_at_a_time(rows):
    left = rows.path / ".part-0-000000.parquet.0123abcd.ksiqa-part"
    left.write_bytes(b"half")
    other = ParquetRows(rows.path, COLUMNS)
    with rows.alone():
        assert not left.exists()
        with pytest.raises(FolderInUseError), other.alone():
            pass


def test_what_is_no_part_is_refused(rows):
    for content in (
        b"no Parquet",
        b"PAR1" + bytes(100) + (40).to_bytes(4, "little") + b"PAR1",
    ):  # the second has an end
        (rows.path / "part-0-000000.parquet").write_bytes(content)
        with pytest.raises(ConfigError, match=r"found: .*part-0-000000.parquet: no Parquet that can be read"):
            list(rows.read())
    pd.DataFrame({"image": ["a.png"]}).to_parquet(rows.path / "part-0-000000.parquet")
    with pytest.raises(ConfigError, match=r"found: .*: other columns than these scores have"):
        list(rows.read())
    with pytest.raises(ConfigError, match=r"found: .*: a file, where a folder of parts is written"):
        ParquetRows(rows.path / "part-0-000000.parquet", COLUMNS)


def test_without_its_package_the_error_has_the_line_to_type(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"no package pyarrow\nexpected: .*\ndo: run pip install 'ksiqa\[parquet\]'"):
        ParquetRows(tmp_path / "scores.parquet", COLUMNS)
