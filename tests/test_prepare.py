"""The command that looks a dataset over."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ksiqa import prepare
from ksiqa.data.datasets import DATASETS
from ksiqa.evaluate import evaluate
from ksiqa.names import conf_folder
from tests.fake_iqa import WRITERS
from tests.fake_iqa.images import photograph
from tests.fake_iqa.live import write_live_labels
from tests.runs import composed, failed, table_overrides, train
from tests.tiny import write_table


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def _prepared(capsys, *arguments):
    """Run the command; return its exit status, what it printed, and its picture."""
    try:
        prepare.main([*arguments, "hydra.run.dir=out", "cache=cache"])
        status = 0
    except SystemExit as error:
        status = error.code
    return status, capsys.readouterr().out, Path("out/contact_sheet.png")


def _released(name, capsys, *arguments):
    return _prepared(capsys, f"data={name}", "data.root=set", "data.allow_missing=true", *arguments)


def _names():
    return [line.split(",")[0] for line in Path("set/dmos.csv").read_text().splitlines()[1:]]


def test_a_sound_set(capsys):
    WRITERS["kadid10k"](Path("set"))
    status, text, sheet = _released("kadid10k", capsys)
    assert status == 0
    for part in (
        "title: KADID-10k",
        "label: DMOS from 1 to 5, higher is better",
        "home page: http",
        "licence: ",
        "citat",
        "decoded for training: 55 images, 0.00 GiB in cache/images/kadid10k-",
        "duplicates: 0 across contents, 25 within one (5 contents and 55 files compared)",
    ):
        assert part in text, text
    rows = len(_names())
    assert f"\nrows: {rows}\n" in text
    assert f"{rows} of {rows} rows can be read" in text
    with Image.open(sheet) as picture:
        assert picture.size[0] > 1000
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 1000  # photographs, no empty page


def test_every_image_that_cannot_be_used_has_its_line(capsys):
    WRITERS["kadid10k"](Path("set"))
    names = _names()
    for place in (0, 4):
        (file,) = Path("set").rglob(names[place])
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    Image.new("RGB", (90, 80)).save(f"set/images/{names[7]}")
    status, text, sheet = _released("kadid10k", capsys)
    assert status == 1
    lines = {int(row): line for line in text.splitlines() for row in re.findall(r"^row (\d+): ", line)}
    assert list(lines) == [1, 5, 8]
    assert all(names[row - 1] in line for row, line in lines.items())
    assert "of 90x80 and its reference" in lines[8]
    assert f"{len(names) - 3} of {len(names)} rows can be read" in text
    assert sheet.is_file()


def test_an_image_under_two_names_leaks(capsys):
    WRITERS["livec"](Path("set"))
    shutil.copy("set/Images/104.bmp", "set/Images/110.bmp")
    status, text, _ = _released("livec", capsys)
    assert status == 1
    (line,) = [line for line in text.splitlines() if "equal bytes" in line]
    assert re.match(r"row 3 \(.*104.bmp, MOS .*\) and row 6 \(.*110.bmp, MOS .*\): equal bytes, two contents", line)
    assert "duplicates: 1 across contents, 0 within one (24 contents and 24 files compared)" in text


def test_rows_are_counted_as_the_label_file_has_them(capsys):
    """From 1, and with those whose image is not there."""
    file = write_table(Path("mine"), contents=3, references=False)
    Path("mine/0_0.png").unlink()
    Path("mine/0_2.png").write_bytes(b"no image")
    _, text, _ = _prepared(capsys, *table_overrides(file, reference=False), "data.allow_missing=true")
    assert re.search(r"^row 3: .*0_2.png: no image format", text, re.MULTILINE), text


def test_names_with_dollars_are_no_formulas(capsys):
    file = write_table(Path("mine"), contents=3)
    Path("mine/0_0.png").rename("mine/a$_$.png")
    file = file.rename(file.with_name("$x_$.csv"))
    file.write_text(file.read_text().replace("0_0.png", "a$_$.png", 1))
    status, text, sheet = _prepared(capsys, *table_overrides(file))
    assert status == 0, text
    assert sheet.exists()


def test_photographs_whose_names_are_no_utf_8(capsys):
    write_table(Path("mine"), contents=3)
    Path("mine/0.png").rename(os.fsdecode(b"mine/caf\xe9.png"))
    said = failed(prepare.main, ["data=folder", "data.root=mine", "data.families=[jpeg]", "data.levels=[1]"], capsys)
    assert r"found: the name mine/caf\xe9.png" in said


def test_copies_in_a_table_of_ones_own_are_told_how_to_be_grouped(capsys):
    file = write_table(Path("mine"), contents=3, references=False)
    shutil.copy("mine/0_0.png", "mine/1_0.png")
    status, text, _ = _prepared(capsys, *table_overrides(file, reference=False))
    assert status == 1
    assert "name the column that says which images show one scene: data.content=COLUMN" in text


def test_equal_images_of_live_are_told_and_no_failure(capsys):
    write_live_labels(Path("set"))
    shutil.copy("set/jpeg/img2.bmp", "set/jpeg/img7.bmp")  # of one reference, with a DMOS each
    status, text, _ = _released("live", capsys)
    assert status == 0
    (line,) = [line for line in text.splitlines() if "jpeg/img7.bmp" in line]
    assert re.search(r"jpeg/img2.bmp, DMOS 10.*jpeg/img7.bmp, DMOS 12.*: equal bytes, one content", line), line


def test_other_sets_beside(capsys):
    WRITERS["kadid10k"](Path("set"))
    photographs = Path("photographs")
    photographs.mkdir()
    photograph(3).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(photographs / "mirrored.png")
    photograph(77).save(photographs / "another.png")
    WRITERS["tid2013"](Path("tid"))  # of the same photographs
    file = write_table(Path("mine"), contents=2)
    table = (f"beside.table.file={file}", "beside.table.reference=reference")
    status, text, _ = _released("kadid10k", capsys, "beside.folder=photographs", "beside.tid2013=tid", *table)
    assert status == 1
    assert "shared with folder: 1 contents (2 contents and 2 files of it compared)" in text
    assert "shared with tid2013: 5 contents (5 contents and 80 files of it compared, 2925 not there)" in text
    assert "shared with table: 0 contents (2 contents and 12 files of it compared)" in text
    (line,) = [line for line in text.splitlines() if "mirrored.png" in line]
    assert re.match(r".*I03.png and .*mirrored.png: one picture \(likeness .*\), shared with folder", line)


def test_every_set_can_be_named_beside():
    assert set(composed("prepare").beside) == {*DATASETS, "folder", "table"}
    assert {file.stem for file in (conf_folder() / "data").glob("*.yaml")} >= set(composed("prepare").beside)


def test_photographs_for_pairs(capsys):
    photographs = Path("photographs")
    photographs.mkdir()
    for name, number in {"a": 1, "b": 2, "c": 1}.items():
        photograph(number).resize((96, 72)).save(photographs / f"{name}.png")
    arguments = ("data=folder", "data.root=photographs", "data.families=[jpeg]", "data.levels=[1,5]")
    status, text, _ = _prepared(capsys, *arguments)
    assert status == 1
    assert "photographs/a.png and photographs/c.png: equal bytes, two contents" in text
    assert "decoded for training" not in text


def test_photographs_that_are_no_files(capsys):
    small = ("data.families=[jpeg]", "data.levels=[1,5]", "data.size=[96,96]")
    status, text, sheet = _prepared(capsys, "data=demo", *small)
    assert status == 0
    assert "duplicates: 0 across contents, 0 within one (0 contents and 0 files compared)" in text
    assert sheet.is_file()


def test_decoded_images_are_bounded(capsys):
    WRITERS["livec"](Path("set"))
    status, text, _ = _released("livec", capsys, "cache_gib=0.0001")
    assert status == 0
    assert "decoded for training: 11 images" in text
    assert "13 images found no room in cache_gib=0.0001 or on the disk: training reads them from their files" in text
    status, text, _ = _released("livec", capsys, "cache_gib=0")
    assert status == 0


def test_training_and_evaluation_give_the_same_numbers_with_and_without(capsys, tmp_path):
    data = [*table_overrides(write_table(tmp_path / "images", contents=6)), "data.short_side=56"]
    results, figures = [], []
    for step in ("without", "with"):
        if step == "with":
            status, text, _ = _prepared(capsys, *data)
            assert status == 0, text
            assert "decoded for training: 36 images" in text
            (pixels,) = Path("cache/images").glob("table-*/pixels.bin")
            whole = np.fromfile(pixels, dtype=np.uint8)
        folder = tmp_path / step
        kept = train(folder, *data, "data.crop=48", f"cache={tmp_path / 'cache'}")
        results.append({key: value for key, value in kept.items() if key not in ("seconds", "repeat")})
        checkpoint = [f"checkpoint={folder / 'model'}", f"cache={tmp_path / 'cache'}", "strategy=cpu"]
        plain = [*table_overrides(tmp_path / "images/scores.csv"), "data.workers=0", "split.validation_share=0.2"]
        evaluate(composed("evaluate", *checkpoint, *plain, "trainer.enable_progress_bar=false"), folder / "again")
        figures.append(json.loads((folder / "again/results.json").read_text()))
    assert results[0] == results[1]
    for key in ("test/srcc", "test/plcc", "test/rmse"):
        assert figures[0][key] == figures[1][key] == results[0][key]
    whole[:] = 255 - whole  # other pixels: they are what is read
    whole.tofile(pixels)
    assert train(tmp_path / "inverted", *data, "data.crop=48", f"cache={tmp_path / 'cache'}") != results[1]
    evaluate(
        composed("evaluate", *checkpoint, *plain, "trainer.enable_progress_bar=false"), tmp_path / "inverted/again"
    )
    again = json.loads((tmp_path / "inverted/again/results.json").read_text())
    assert again["test/plcc"] != figures[1]["test/plcc"]
