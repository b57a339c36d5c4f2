"""Which files of a set stand for its contents."""

from pathlib import Path

import pytest

from ksiqa.data.datasets import DATASETS
from ksiqa.data.pictures import beside, pictures_of
from ksiqa.errors import DatasetError
from tests.fake_iqa import WRITERS, write_table
from tests.fake_iqa.live import write_live_labels

WITH_REFERENCES = ("csiq", "kadid10k", "live", "tid2013")


@pytest.mark.parametrize("name", DATASETS)
def test_every_released_set(name, tmp_path):
    facts = WRITERS[name](tmp_path)
    table = DATASETS[name].read(tmp_path, facts=facts)
    pictures = pictures_of(table)
    expected = table.frame["reference" if name in WITH_REFERENCES else "image"]
    assert set(pictures.shown) == set(expected)
    assert set(pictures.contents) == set(table.files)
    assert pictures.missing == 0


@pytest.mark.parametrize("name", DATASETS)
def test_every_released_set_beside(name, tmp_path):
    (write_live_labels if name == "live" else WRITERS[name])(tmp_path)  # a partial copy of the release
    pictures = beside(name, str(tmp_path))
    table = DATASETS[name].read(tmp_path, allow_missing=True)
    assert (pictures.name, pictures.contents) == (name, pictures_of(table).contents)
    assert pictures.missing == table.missing + table.unlisted > 0
    assert len(pictures.shown) >= 3


def test_rows_without_a_reference_stand_for_themselves(scored_files):
    table = scored_files.table
    lacking = table.frame.assign(reference=table.frame["reference"].where(table.frame.index > 1, None))
    shown = pictures_of(type(table)(table.facts, lacking)).shown
    assert len(shown) == 5 + 2
    assert {Path(file).name for file in shown} >= {"0_0.png", "0_1.png", "0.png"}


def test_a_table_of_ones_own(tmp_path):
    file = write_table(tmp_path, references=3, levels=2)
    place = {"file": str(file), "root": None, "image": "picture", "reference": "original"}
    pictures = beside("table", place)
    assert sorted(Path(one).name for one in pictures.shown) == ["0.png", "1.png", "2.png"]
    assert len(pictures.contents) == 3 + 3 * 2
    (tmp_path / "originals/1.png").unlink()
    assert beside("table", place).missing == 1
    assert len(beside("table", {**place, "reference": None}).shown) == 6
    with pytest.raises(DatasetError, match=r"without image; it has picture, rating, original"):
        beside("table", {**place, "image": "image"})
    with pytest.raises(DatasetError, match=r"found: no file .*none.csv\nexpected: .*\ndo: set beside.table.file"):
        beside("table", {**place, "file": str(tmp_path / "none.csv")})


def test_photographs(tmp_path):
    file = write_table(tmp_path, references=3, levels=2)
    assert len(beside("folder", str(file.parent / "originals")).shown) == 3
    with pytest.raises(DatasetError, match=r"found: no image in .*none\nexpected: .*\ndo: set beside.folder to one"):
        beside("folder", str(tmp_path / "none"))
