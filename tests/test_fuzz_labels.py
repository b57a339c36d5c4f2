"""Label files that are damaged or strange: a table that holds what it promises, or an error that says what is wrong."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from ksiqa.data.datasets import DATASETS
from ksiqa.data.datasets.table_file import read_table
from ksiqa.data.facts import Facts
from ksiqa.data.table import COLUMNS, LabelTable
from ksiqa.errors import DatasetError
from tests.fake_iqa import WRITERS, write_table

FUZZ = settings(max_examples=200, derandomize=True, deadline=None, database=None)
STRANGE = [
    "",
    " ",
    "NaN",
    "inf",
    "-inf",
    "1e400",
    "1e308",
    "-1",
    "3,5",
    "0x1F",
    "٣",
    "１２",
    "½",
    "True",
    "\0",
    '"',
    "'",
]
NAMES = ["/etc/hostname", "../..", "shown/../shown/0_0.png", "./shown/0_0.png", "shown", "a" * 5000, "naïve\u202e.png"]
CELLS = st.sampled_from(STRANGE + NAMES) | st.text(max_size=8) | st.floats().map(str)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252", "cp037"]
VALUES = st.sampled_from([None, True, 1e308, float("nan"), float("inf"), -1, "3,5", "", "x", 7, "a" * 300])


@st.composite
def damaged_text(draw: Callable[..., Any], content: bytes) -> bytes:
    """Change lines and cells, then the way the text is written, then bytes; some of these or all."""
    lines = content.decode().splitlines()
    for _ in range(draw(st.integers(0, 3))):
        one, two = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        how = draw(st.sampled_from(["drop", "twice", "swap", "cell", "more", "fewer", "quote"]))
        if how == "drop" and len(lines) > 1:
            del lines[one]
        elif how == "twice":
            lines.insert(two, lines[one])
        elif how == "swap":
            lines[one], lines[two] = lines[two], lines[one]
        elif how in ("cell", "more", "fewer"):
            separator = "," if "," in content.decode() else " "
            cells = lines[one].split(separator)
            place = draw(st.integers(0, len(cells) - 1))
            cells[place : place + (how != "more")] = [draw(CELLS)] if how != "fewer" else []
            lines[one] = separator.join(cells)
        elif how == "quote":
            lines[one] = '"' + lines[one]
    text = draw(st.sampled_from(["\n", "\r\n", "\r", "\n\n"])).join(lines) + draw(st.sampled_from(["", "\n", ",\n"]))
    changed = text.encode(draw(st.sampled_from(ENCODINGS)), errors="replace")
    return draw(damaged_bytes(changed)) if draw(st.booleans()) else changed


@st.composite
def damaged_bytes(draw: Callable[..., Any], content: bytes) -> bytes:
    start, end = sorted(draw(st.integers(0, len(content))) for _ in range(2))
    new = draw(st.binary(max_size=6) | st.sampled_from([b"\0", b"\0" * 40, b'"', b"\xff\xfe", content[start:end] * 2]))
    return content[:start] + new + content[draw(st.sampled_from([start, min(start + len(new), len(content)), end])) :]


def damaged_workbook(file: Path, data: st.DataObject) -> None:
    book = openpyxl.load_workbook(file)
    for _ in range(data.draw(st.integers(1, 3))):
        sheet = book[data.draw(st.sampled_from(book.sheetnames))]
        row, column = data.draw(st.integers(1, sheet.max_row)), data.draw(st.integers(1, sheet.max_column))
        how = data.draw(st.sampled_from(["cell", "row", "column", "repeat"]))
        if how == "cell":
            sheet.cell(row, column).value = data.draw(VALUES)
        elif how == "repeat":
            sheet.append([cell.value for cell in sheet[row]])
        else:
            sheet.delete_rows(row) if how == "row" else sheet.delete_cols(column)
    book.save(file)


def damaged_matrix(file: Path, data: st.DataObject) -> None:
    content = {name: value for name, value in loadmat(file).items() if not name.startswith("_")}
    name = data.draw(st.sampled_from(sorted(content)))
    values, place = content[name].copy(), data.draw(st.integers(0, content[name].size - 1))
    how = data.draw(st.sampled_from(["value", "shorter", "complex", "text", "empty", "other name", "record"]))
    if how == "value":
        strange = data.draw(VALUES if values.dtype == object else st.sampled_from([0, 1, 200, 255]) | st.floats())
        with np.errstate(all="ignore"):
            values.ravel()[place : place + 1] = np.array([0 if strange is None else strange]).astype(values.dtype)
    kinds = {
        "value": values,
        "shorter": values.ravel()[:place],
        "complex": values.astype(complex) if values.dtype != object else values[:, :0],
        "text": "text",
        "empty": np.zeros((0, 0)),
        "record": {"a": values},
    }
    content["other" if how == "other name" else name] = kinds.get(how, values)
    if how == "other name":
        del content[name]
    savemat(file, content)


def holds(table: LabelTable) -> None:
    """Require what a table promises."""
    frame, facts = table.frame, table.facts
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame.index) == list(range(len(table)))
    assert len(table) > 0
    assert np.isfinite(table.scores).all()
    assert table.scores.min() >= 0
    assert table.scores.max() <= 1
    np.testing.assert_allclose(facts.to_score(frame["raw"].to_numpy()), table.scores)
    files = [Path(name) for name in frame["image"]]
    assert all(file.is_file() for file in files)
    assert len({file.resolve() for file in files}) == len(files)
    assert all(name is None or Path(name).is_file() for name in frame["reference"])
    assert all(isinstance(content, str) for content in frame["content"])
    assert facts.rows in (None, len(table) + table.missing + table.unlisted)
    assert table.kept is None or len(table.kept) == len(table)


def read_of_a_user(file: Path, **changes: Any) -> LabelTable:
    given = {"image": "picture", "score": "rating", "reference": "original", "content": None, "root": None}
    scale = {"low": 0.0, "high": 10.0, "higher_is_better": True, "label": "MOS"}
    return read_table(file=file, **{**given, **scale, **changes})


@pytest.fixture(scope="module")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("ratings"), references=2, levels=3)


@pytest.mark.parametrize("allow_missing", [False, True])
def test_a_damaged_table_of_a_user(ratings: Path, allow_missing: bool) -> None:
    whole = ratings.read_bytes()
    file = ratings.with_name("damaged.csv")

    @FUZZ
    @given(damaged_text(whole))
    def check(content: bytes) -> None:
        file.write_bytes(content)
        with suppress(DatasetError):
            holds(read_of_a_user(file, allow_missing=allow_missing))

    check()


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Facts]]:
    """Each tiny set, written once."""
    written: dict[str, tuple[Path, Facts]] = {}

    def of(name: str) -> tuple[Path, Facts]:
        if name not in written:
            folder = tmp_path_factory.mktemp(name)
            written[name] = (folder, WRITERS[name](folder))
        return written[name]

    return of


@pytest.mark.parametrize("allow_missing", [False, True])
@pytest.mark.parametrize(
    ("name", "label_file", "without"),
    [
        ("csiq", "csiq.DMOS.xlsx", ""),
        ("csiq", "csiq_label.txt", "csiq.DMOS.xlsx"),
        ("kadid10k", "dmos.csv", ""),
        ("koniq10k", "koniq10k_distributions_sets.csv", ""),
        ("koniq10k", "koniq10k_scores_and_distributions.csv", "koniq10k_distributions_sets.csv"),
        ("live", "dmos_realigned.mat", ""),
        ("live", "refnames_all.mat", ""),
        ("livec", "Data/AllMOS_release.mat", ""),
        ("livec", "Data/AllImages_release.mat", ""),
        ("spaq", "Annotations/MOS and Image attribute scores.xlsx", ""),
        ("tid2013", "mos_with_names.txt", ""),
        ("tid2013", "mos_std.txt", ""),
    ],
)
def test_a_damaged_label_file_of_a_release(
    released: Callable[[str], tuple[Path, Facts]], name: str, label_file: str, without: str, allow_missing: bool
) -> None:
    folder, facts = released(name)
    file = folder / label_file
    whole = file.read_bytes()
    away = (folder / without).read_bytes() if without else b""
    inside = {".xlsx": damaged_workbook, ".mat": damaged_matrix}.get(file.suffix)

    @settings(FUZZ, max_examples=20 if inside else 60)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        file.write_bytes(whole)
        if inside is None:
            file.write_bytes(data.draw(damaged_text(whole)))
        elif data.draw(st.integers(0, 3)):
            inside(file, data)
        else:
            file.write_bytes(data.draw(damaged_bytes(whole)))
        with suppress(DatasetError):
            holds(DATASETS[name].read(folder, facts=facts, allow_missing=allow_missing))

    try:
        if without:
            (folder / without).unlink()
        check()
    finally:
        file.write_bytes(whole)
        if without:
            (folder / without).write_bytes(away)


@FUZZ
@given(st.data())
def test_labels_come_back_as_they_were_written(ratings: Path, data: st.DataObject) -> None:
    finite = st.floats(-1e6, 1e6)
    low, width = data.draw(finite), data.draw(st.floats(1e-3, 1e6))
    high, better = low + width, data.draw(st.booleans())
    raw = np.clip([low + width * data.draw(st.floats(0, 1)) for _ in range(6)], low, high)
    names = [f"shown/{place}_{level}.png" for place in range(2) for level in range(3)]
    file = ratings.with_name("written.csv")
    file.write_text(
        "picture,rating\n" + "".join(f"{name},{one!r}\n" for name, one in zip(names, raw.tolist(), strict=True))
    )
    table = read_of_a_user(file, reference=None, low=low, high=high, higher_is_better=better)
    assert table.frame["raw"].tolist() == raw.tolist()
    share = (raw - low) / (high - low)
    np.testing.assert_allclose(table.scores, share if better else 1 - share, rtol=0, atol=1e-12)
    holds(table)
