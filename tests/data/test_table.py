from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ksiqa.data.datasets import kadid10k
from ksiqa.data.facts import Facts
from ksiqa.data.image_source import FileImages
from ksiqa.data.table import LabelTable
from ksiqa.errors import DatasetError, ImageError
from tests.fake_iqa import write_kadid10k

ROWS = 50


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    return write_kadid10k(tmp_path)


@pytest.fixture
def labels(facts: Facts, tmp_path: Path) -> pd.DataFrame:
    return pd.read_csv(tmp_path / "dmos.csv", dtype=str)


def read(folder: Path, facts: Facts, labels: pd.DataFrame, allow_missing: bool = False) -> LabelTable:
    labels.to_csv(folder / "dmos.csv", index=False)
    return kadid10k.read(folder, facts=facts, allow_missing=allow_missing)


def error_of(folder: Path, facts: Facts, labels: pd.DataFrame, allow_missing: bool = False) -> str:
    with pytest.raises(DatasetError) as error:
        read(folder, facts, labels, allow_missing)
    return str(error.value).replace(str(folder), "ROOT")


@pytest.mark.parametrize(("label", "shown"), [("", "''"), ("nan", "'nan'"), ("good", "'good'"), ("inf", "'inf'")])
def test_label_that_is_no_number(tmp_path: Path, facts: Facts, labels: pd.DataFrame, label: str, shown: str) -> None:
    labels.loc[6, "dmos"] = label
    assert error_of(tmp_path, facts, labels) == (
        f"found: ROOT/dmos.csv, row 7 (I01_25_02.png): label {shown}\n"
        "expected: a finite number (1 rows have none)\n"
        "do: restore the label file as released, or correct this row"
    )


def test_label_out_of_range(tmp_path: Path, facts: Facts, labels: pd.DataFrame) -> None:
    labels.loc[[3, 9], "dmos"] = "77"
    text = error_of(tmp_path, facts, labels)
    assert "found: ROOT/dmos.csv, row 4 (I01_01_04.png): DMOS 77; the file's go from " in text
    assert "expected: a DMOS in [1, 5] (2 rows are outside)\n" in text


def test_row_given_twice(tmp_path: Path, facts: Facts, labels: pd.DataFrame) -> None:
    labels.loc[8, "dist_img"] = labels.loc[2, "dist_img"]
    text = error_of(tmp_path, facts, labels)
    assert "found: ROOT/dmos.csv, row 9 (I01_01_03.png): an image that row 3 has already\n" in text


def test_missing_column(tmp_path: Path, facts: Facts, labels: pd.DataFrame) -> None:
    text = error_of(tmp_path, facts, labels.rename(columns={"dmos": "mos"}))
    assert "found: ROOT/dmos.csv without dmos; it has dist_img, ref_img, mos, var\n" in text
    assert "expected: the columns dist_img, ref_img, dmos, var\n" in text


def test_unknown_image(tmp_path: Path, facts: Facts, labels: pd.DataFrame) -> None:
    labels.loc[0, "dist_img"] = "I99_01_01.png"
    text = error_of(tmp_path, facts, labels)
    assert f"found: 1 images of {ROWS} are missing, first ROOT/images/I99_01_01.png\n" in text
    assert "do: complete the copy from https://database.mmsp-kn.de/kadid-10k-database.html, or set " in text
    assert "data.allow_missing=true to go on with what is there" in text


def test_many_missing_images_are_counted_and_the_first_named(
    tmp_path: Path, facts: Facts, labels: pd.DataFrame
) -> None:
    for name in labels["dist_img"][:10]:
        (tmp_path / "images" / name).unlink()
    text = error_of(tmp_path, facts, labels)
    assert f"10 images of {ROWS} are missing" in text
    assert "I01_01_03.png" in text
    assert "I01_01_04.png" not in text
    assert read(tmp_path, facts, labels, allow_missing=True).missing == 10


def test_nothing_there_is_never_allowed(tmp_path: Path, facts: Facts, labels: pd.DataFrame) -> None:
    for name in labels["dist_img"]:
        (tmp_path / "images" / name).unlink()
    text = error_of(tmp_path, facts, labels, allow_missing=True)
    assert f"{ROWS} images of {ROWS} are missing" in text
    assert "allow_missing" not in text


def test_shorter_label_file(tmp_path: Path, facts: Facts, labels: pd.DataFrame) -> None:
    assert f"dmos.csv: 20 rows\nexpected: {ROWS} rows (KADID-10k)" in error_of(tmp_path, facts, labels[:20])
    assert read(tmp_path, facts, labels[:20], allow_missing=True).unlisted == ROWS - 20


def test_longer_label_file_is_never_allowed(tmp_path: Path, facts: Facts, labels: pd.DataFrame) -> None:
    short = replace(facts, rows=ROWS - 1)
    assert f"dmos.csv: {ROWS} rows\nexpected: {ROWS - 1} rows" in error_of(tmp_path, short, labels, allow_missing=True)


def test_unreadable_image(tmp_path: Path, facts: Facts, labels: pd.DataFrame) -> None:
    table = read(tmp_path, facts, labels)
    Path(table.frame["image"].iloc[4]).write_bytes(b"")
    with pytest.raises(ImageError, match=r"I01_01_05.png: an empty file"):
        FileImages(table, keep=False).load(4)


def test_several_copies_below_the_root(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_kadid10k(tmp_path / name)
    with pytest.raises(DatasetError, match=r"KADID-10k in several folders: .*one, .*two"):
        kadid10k.read(tmp_path)
