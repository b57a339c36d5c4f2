import re
from pathlib import Path
from typing import Any

import pytest

from ksiqa.data.datasets.table_file import read_table
from ksiqa.data.split import make_split
from ksiqa.data.table import LabelTable
from ksiqa.errors import ConfigError, DatasetError
from tests.fake_iqa import write_table


def read(file: Path, **changes: Any) -> LabelTable:
    given = {"image": "picture", "score": "rating", "reference": "original", "content": None, "root": None}
    scale = {"low": 0.0, "high": 10.0, "higher_is_better": True, "label": "MOS"}
    return read_table(file=file, **{**given, **scale, **changes})


def test_reads_paths_from_the_folder_of_the_table(tmp_path: Path) -> None:
    table = read(write_table(tmp_path))
    assert len(table) == 24
    assert table.frame["image"].iloc[0] == str(tmp_path / "shown/0_0.png")
    assert table.frame["reference"].iloc[0] == str(tmp_path / "originals/0.png")
    assert table.contents[:5] == ["originals/0.png"] * 4 + ["originals/1.png"]
    assert table.scores[0] == pytest.approx(0.875)


def test_direction_and_root_are_as_told(tmp_path: Path) -> None:
    file = write_table(tmp_path)
    moved = tmp_path / "elsewhere.csv"
    file.rename(tmp_path / moved.name)
    (tmp_path / "lists").mkdir()
    moved = moved.rename(tmp_path / "lists/elsewhere.csv")
    table = read(moved, root=tmp_path, higher_is_better=False, label="DMOS")
    assert table.scores[0] == pytest.approx(0.125)


def test_without_references(tmp_path: Path) -> None:
    table = read(write_table(tmp_path), reference=None)
    assert list(table.frame["reference"]) == [None] * 24
    assert table.contents[:2] == ["shown/0_0.png", "shown/0_1.png"]


def test_some_rows_without_reference(tmp_path: Path) -> None:
    file = write_table(tmp_path)
    file.write_text(file.read_text().replace("originals/0.png", ""))
    table = read(file)
    assert list(table.frame["reference"].iloc[:4]) == [None] * 4
    assert isinstance(table.frame["reference"].iloc[4], str)
    assert table.missing_references == 0


def test_content_of_its_own(tmp_path: Path) -> None:
    table = read(write_table(tmp_path), reference=None, content="original")
    shares = {"test_share": 0.2, "validation_share": 0.2, "train_share": 1.0, "train_only": ()}
    split = make_split(table, source="random", index=0, seed=0, folder=None, **shares)
    assert len(split.test) == len(split.validation) == 4


@pytest.mark.parametrize("spelled", ["./originals/{}.png", "shown/../originals/{}.png", "{folder}/originals/{}.png"])
def test_a_reference_spelled_in_two_ways_is_one_content(tmp_path: Path, spelled: str) -> None:
    file = write_table(tmp_path)
    header, *rows = file.read_text().splitlines()
    for place in range(0, len(rows), 2):
        original = f"originals/{place // 4}.png"
        rows[place] = rows[place].replace(original, spelled.format(place // 4, folder=tmp_path))
    file.write_text("\n".join([header, *rows]))
    assert read(file).contents == [f"originals/{row // 4}.png" for row in range(24)]


def test_blanks_part_no_content_and_empty_cells_join_none(tmp_path: Path) -> None:
    file = write_table(tmp_path)
    header, *rows = file.read_text().splitlines()
    scenes = ["pier", " pier", "", ""]
    file.write_text("\n".join([f"{header},scene", *(f"{row},{scenes[at % 4]}" for at, row in enumerate(rows))]))
    alone = read(file, content="scene", reference=None).contents
    assert alone[:4] == ["pier", "pier", "shown/0_2.png", "shown/0_3.png"]
    assert read(file, content="scene").contents[:4] == ["pier", "pier", "originals/0.png", "originals/0.png"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("picture,rating,rating\na.png,1,9\n", "with two columns rating"),
        ("picture;rating\na.png;1,5\n", "row 1: 2 cells"),
        ("picture,rating\na.png\n", "row 1: 1 cells"),
        ('picture,rating\n"a.png,1\n', "unexpected end of data"),
        ("", "without picture, rating; it has none"),
    ],
)
def test_a_table_that_cannot_be_read(tmp_path: Path, text: str, found: str) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(text)
    with pytest.raises(DatasetError, match=re.escape(found)):
        read(file, reference=None)


def test_columns_without_a_name_are_none(tmp_path: Path) -> None:
    file = write_table(tmp_path)
    file.write_text("\n".join(f"{line},," for line in file.read_text().splitlines()))
    assert len(read(file)) == 24


def test_unknown_column(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"ratings.csv without mos; it has picture, rating, original"):
        read(write_table(tmp_path), score="mos")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no file .*mine.csv"):
        read(tmp_path / "mine.csv")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x01", b'a,b\n"1,2\n'])
def test_no_csv(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=r"mine.csv"):
        read(tmp_path / "mine.csv")


def test_no_rows(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("picture,rating,original\n")
    with pytest.raises(DatasetError, match=r"mine.csv: 0 rows\nexpected: at least one rows"):
        read(tmp_path / "mine.csv")


def test_empty_scale(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a scale from 10 to 0"):
        read(write_table(tmp_path), low=10.0, high=0.0)


@pytest.mark.parametrize(
    ("wrong", "do"),
    [
        (
            ("picture", "photo"),
            "do: name the columns it has: data.image=COLUMN data.score=COLUMN data.content=COLUMN data.ref",
        ),
        (("0_0.png,8.75", "0_0.png,good"), "do: correct this row$"),
        (
            ("0_0.png,8.75", "0_0.png,11"),
            "do: set data.low and data.high to the ends of the raters' scale, or correct this row$",
        ),
        (
            ("shown/0_0.png", "shown/none.png"),
            r"do: set data.root, where the paths start \(now .*\), or correct them, or set",
        ),
        (("picture,", 'picture,"'), "do: mend the file$"),
    ],
)
def test_what_to_do_about_a_table_that_nobody_released(tmp_path: Path, wrong: tuple[str, str], do: str) -> None:
    file = write_table(tmp_path)
    text = file.read_text()
    assert wrong[0] in text
    file.write_text(text.replace(*wrong, 1))
    with pytest.raises(DatasetError, match=do):
        read(file)


def test_a_label_outside_the_scale_names_the_two_options(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="set data") as error:
        read(write_table(tmp_path), high=5.0)
    assert "; the file's go from " in error.value.found
    assert error.value.do == "set data.low and data.high to the ends of the raters' scale, or correct this row"
