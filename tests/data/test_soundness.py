"""Images that cannot be used, seen before the first step."""

import os
from pathlib import Path

import pytest
from PIL import Image

from ksiqa.data.image_checks import PIXEL_LIMIT
from ksiqa.data.soundness import NAMED, Soundness
from ksiqa.data.split_rules import Split, check_split
from ksiqa.data.views import ScoringViews, TrainingViews
from ksiqa.errors import ConfigError, DatasetError, ImageError
from tests.runs import PAIR_SPLIT, evaluated, rows, table_overrides, train
from tests.tiny import CELL, table_images, write_table

VIEWS = {
    "train": TrainingViews(side=48, distinct=None),
    "test": ScoringViews(kind="whole", side=48, grid=1, cell=CELL),
}


@pytest.fixture
def images(tmp_path):
    """Twenty rows of four contents, each 64x64."""
    return write_table(tmp_path / "images", contents=4)


def _cut(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _split(source):
    middle = len(source.table) // 2
    return Split("random", 0, tuple(range(middle)), (), tuple(range(middle, 2 * middle)))


def _seen(images, tmp_path, *, on_bad, pixel_limit=PIXEL_LIMIT, views=VIEWS, short_side=None):
    source = table_images(images)
    look = Soundness(on_bad=on_bad, pixel_limit=pixel_limit, workers=2, cache=tmp_path / "cache")
    return source, *look.of_split(_split(source), source, views=views, short_side=short_side)


def _break(folder):
    """Damage a file in four ways and a reference in one; return the rows that cannot be used, by part."""
    _cut(folder / "0_1.png")
    (folder / "0_3.png").write_bytes(b"")
    Image.new("RGB", (1, 900)).save(folder / "1_0.png")
    (folder / "2_2.png").write_text("no image")
    _cut(folder / "3.png")
    return {"train": [1, 3, 5], "test": [12, 15, 16, 17, 18, 19]}


def test_all_sound(images, tmp_path):
    source, split, bad = _seen(images, tmp_path, on_bad="stop")
    assert (split, bad) == (_split(source), [])


def test_the_whole_list_before_anything_is_done(images, tmp_path):
    _break(images.parent)
    with pytest.raises(ImageError) as error:
        _seen(images, tmp_path, on_bad="stop")
    lines = error.value.found.splitlines()
    assert lines[0] == "9 of 20 images that cannot be used"
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["train"] * 3 + ["test"] * 6
    for part in ("0_1.png: ", "0_3.png: an empty file (0 bytes)", "2_2.png: no image format", "3.png: "):
        assert part in error.value.found
    assert "1_0.png of 1x900 and its reference" in error.value.found
    assert error.value.do == "restore them, or go on without them: data.on_bad_image=skip"


def test_those_that_are_skipped_are_in_no_part_and_the_others_stay_where_they_were(images, tmp_path, capsys):
    wrong = _break(images.parent)
    source, split, bad = _seen(images, tmp_path, on_bad="skip")
    whole = _split(source)
    for part, rows_of in wrong.items():
        assert split.part(part) == tuple(row for row in whole.part(part) if row not in rows_of)
        assert [one.image for one in bad if one.part == part] == [source.table.frame["image"][row] for row in rows_of]
    assert list(split.unused) == sorted(wrong["train"] + wrong["test"])
    check_split(source.table, split)
    said = capsys.readouterr().err
    assert "9 of 20 images cannot be used and are skipped; first " in said
    assert "0_1.png" in said


def test_parts_that_nothing_looks_at_may_hold_anything(images, tmp_path):
    _cut(images.parent / "0_1.png")
    _, split, bad = _seen(images, tmp_path, on_bad="stop", views={"test": VIEWS["test"]})
    assert (1 in split.train, bad) == (True, [])


def test_training_wants_whole_crops_and_scoring_a_token(images, tmp_path):
    assert not _seen(images, tmp_path, on_bad="stop", short_side=48)[2]
    with pytest.raises(ImageError, match="10 of 20 images") as error:
        _seen(images, tmp_path, on_bad="skip", short_side=47)
    assert "train: " in error.value.found
    assert "test: " not in error.value.found
    assert "an image of 47x47 where at least 48x48 pixels are wanted; set data.crop to 47 or less" in error.value.found
    assert error.value.do == "set data.crop to 47 or less, which all of them hold: none is left to train on"
    with pytest.raises(ImageError, match="10 of 20 images") as error:
        _seen(images, tmp_path, on_bad="stop", short_side=47)
    assert error.value.do.endswith(
        "to 47 or less, which all of them hold, or go on without them: data.on_bad_image=skip"
    )
    _break(images.parent)  # of these no crop can be made
    with pytest.raises(ImageError) as error:
        _seen(images, tmp_path, on_bad="stop", short_side=47)
    assert error.value.do == "restore them, or go on without them: data.on_bad_image=skip"


def test_more_pixels_than_the_limit_are_refused_also_where_they_are_known_already(images, tmp_path):
    Image.new("RGB", (65, 65)).save(images.parent / "2_2.png")
    Image.new("RGB", (65, 65)).save(images.parent / "2.png")
    for number in (0, 1, 3, 4):
        Image.new("RGB", (65, 65)).save(images.parent / f"2_{number}.png")
    assert not _seen(images, tmp_path, on_bad="stop")[2]
    bad = _seen(images, tmp_path, on_bad="skip", pixel_limit=64 * 64)[2]
    assert [Path(one.image).name for one in bad] == [f"2_{number}.png" for number in range(5)]
    assert "65x65 pixels" in bad[0].why


def test_a_file_is_looked_at_once_until_it_changes(images, tmp_path):
    _seen(images, tmp_path, on_bad="stop")
    file = images.parent / "0_1.png"
    status = file.stat()
    file.write_bytes(bytes(status.st_size))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))  # as if nothing had been: it is not opened again
    assert not _seen(images, tmp_path, on_bad="stop")[2]
    os.utime(file)
    assert [Path(one.image).name for one in _seen(images, tmp_path, on_bad="skip")[2]] == ["0_1.png"]


def test_a_long_list_ends(tmp_path):
    images = write_table(tmp_path / "images", contents=24, references=False)
    for file in images.parent.glob("*_*.png"):
        _cut(file)
    source = table_images(images, references=False)
    look = Soundness(on_bad="stop", pixel_limit=PIXEL_LIMIT, workers=2, cache=tmp_path / "cache")
    with pytest.raises(ImageError) as error:
        look.of_split(_split(source), source, views=VIEWS, short_side=None)
    assert error.value.found.count("\n") == NAMED + 1
    assert error.value.found.endswith(f"and {120 - NAMED} more")


def test_a_third_way(images, tmp_path):
    with pytest.raises(ConfigError, match=r"found: data\.on_bad_image=ignore\nexpected: one of skip, stop"):
        _seen(images, tmp_path, on_bad="ignore")


def test_a_run_stops_before_its_first_step_or_counts_what_it_skips(tmp_path):
    images = write_table(tmp_path / "images", contents=10)
    data = table_overrides(images)
    whole = train(tmp_path / "whole", *data)
    tested = {row["image"] for row in rows(tmp_path / "whole" / "predictions.csv")}
    in_test = Path(min(tested))
    in_train = next(file for file in sorted(images.parent.glob("?_?.png")) if str(file) not in tested)
    _cut(in_test)
    _cut(in_train)
    with pytest.raises(ImageError, match="2 of 50 images that cannot be used"):
        train(tmp_path / "stopped", *data)
    assert not (tmp_path / "stopped").exists()
    skipped = train(tmp_path / "skipped", *data, "data.on_bad_image=skip")
    assert skipped["bad_images"] == 2
    assert whole["bad_images"] == 0
    assert skipped["test_n"] == whole["test_n"] - 1
    assert {row["image"] for row in rows(tmp_path / "skipped" / "predictions.csv")} == tested - {str(in_test)}
    bad = rows(tmp_path / "skipped" / "bad_images.csv")
    assert {(row["data"], row["image"]) for row in bad} == {("table", str(in_test)), ("table", str(in_train))}
    model = tmp_path / "skipped" / "model"
    settings = [*data, "data.workers=0", "split.validation_share=0.2"]
    with pytest.raises(ImageError, match="1 of 10 images"):
        evaluated(tmp_path / "again", model, *settings)
    again = evaluated(tmp_path / "again", model, *settings, "data.on_bad_image=skip")
    assert (again["test/srcc"], again["bad_images"]) == (skipped["test/srcc"], 1)


def test_photographs_that_cannot_be_read(pristine, tmp_path):
    folder = tmp_path / "photographs"
    folder.mkdir()
    for file in pristine.glob("*.png"):
        (folder / file.name).write_bytes(file.read_bytes())
    _cut(folder / "31.png")
    data = ["data=folder", f"data.root={folder}", "data.families=[jpeg]", "data.levels=[1,5]", "sharing=joint"]
    shares = [text.replace("pair_split", "split") for text in PAIR_SPLIT]
    with pytest.raises(ImageError, match=r"1 of 5 images that cannot be used\n  photographs: .*31\.png"):
        train(tmp_path / "stopped", *data, *shares)
    results = train(tmp_path / "skipped", *data, *shares, "data.on_bad_image=skip")
    assert results["bad_images"] == 1
    assert results["train_n"] + results["validation_n"] + results["test_n"] == 4 * 3


def test_a_run_goes_on_with_the_images_that_it_began_with(tmp_path):
    """Whole, then broken: of a run that is not done yet."""
    images = write_table(tmp_path / "images", contents=10)
    data = [*table_overrides(images), "data.on_bad_image=skip"]
    train(tmp_path / "run", *data)
    (tmp_path / "run" / "results.json").unlink()
    train(tmp_path / "again", *data, f"+resume={tmp_path / 'run'}")
    (tmp_path / "run" / "results.json").unlink()
    trained_on = (tmp_path / "run" / "split" / "train.txt").read_text().splitlines()
    _cut(images.parent / trained_on[0])
    text = "some were repaired or broken since the run began"
    with pytest.raises(DatasetError, match=text) as error:
        train(tmp_path / "again", *data, f"+resume={tmp_path / 'run'}")
    assert "restore them as they were, or start anew in another folder" in error.value.do
