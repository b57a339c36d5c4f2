"""What ``ksiqa predict`` makes of files: each gets its row, and the status says whether all have a score."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from ksiqa import predict
from ksiqa.inference.model_folder import save_model
from tests.inference.conftest import saved
from tests.runs import failed
from tests.tiny import write_table


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Commands work from any directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")  # a terminal wide enough for the paths of these tests


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("predict") / "model"
    save_model(saved(), folder)
    return folder


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    write_table(folder, contents=1)
    (folder / "scores.csv").unlink()
    return folder


def _rows(path):
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_files_folders_and_patterns_name_each_image_once(model, images, tmp_path):
    (images / "notes.txt").write_text("no image")
    paths = [str(images / "0_1.png"), str(images), str(images / "0_*.png")]
    predict.main([*paths, "--model", str(model), "--output", "scores.csv"])
    rows = _rows(tmp_path / "scores.csv")
    assert [Path(row["image"]).name for row in rows] == ["0_1.png", "0.png", *(f"0_{n}.png" for n in (0, 2, 3, 4))]
    for row in rows:
        assert row["error"] == ""
        assert float(row["score_raw"]) == pytest.approx(100 * (1 - float(row["score"])))


def test_a_broken_file_gets_its_row_and_the_status_says_so(model, images, tmp_path, capsys):
    (images / "0_2.png").write_bytes((images / "0_2.png").read_bytes()[:100])
    with pytest.raises(SystemExit) as exit_:
        predict.main([str(images), "--model", str(model), "--output", "scores.jsonl"])
    assert exit_.value.code == 1
    rows = {Path(row["image"]).name: row for row in _rows(tmp_path / "scores.jsonl")}
    broken = rows.pop("0_2.png")
    assert broken["score"] is None
    assert "0_2.png" in broken["error"]
    assert len(rows) == 5
    assert all(0 < row["score"] < 1 and not row["error"] for row in rows.values())
    assert "5 scored, 1 failed" in capsys.readouterr().out


def test_a_reference_is_scored_against_by_the_teacher(model, images, tmp_path):
    alone, against = (
        predict.predict([str(images / "0_4.png")], model=model, reference=reference)[0]["score"]
        for reference in (None, images / "0.png")
    )
    assert alone != against


def test_low_and_high_are_shown_where_the_model_has_them(model, images, tmp_path, capsys):
    one = str(images / "0.png")
    predict.main([one, "--model", str(model)])
    assert "interval" not in capsys.readouterr().out
    save_model(replace(saved(), residuals={"student": {"pairs": [0.0] * 9}}), tmp_path / "known")
    predict.main([one, "--model", str(tmp_path / "known"), "--output", "scores.csv"])
    (row,) = _rows(tmp_path / "scores.csv")
    assert row["low"] == row["score"] == row["high"]
    predict.main([one, "--model", str(tmp_path / "known")])
    assert f"{float(row['low']):.2f} to" in capsys.readouterr().out
    predict.main([one, "--model", str(tmp_path / "known"), "--coverage", "0.95", "--output", "wider.csv"])
    (row,) = _rows(tmp_path / "wider.csv")
    assert (row["low"], row["high"]) == ("0.0", "1.0")  # nine errors do not promise that much


def test_a_name_in_brackets_is_shown_as_it_is(model, images, capsys):
    (images / "0.png").rename(images / "a[b].png")
    predict.main([str(images / "a[b].png"), "--model", str(model)])
    assert "a[b].png" in capsys.readouterr().out.replace("\n", "")


def test_a_file_that_is_not_there_has_its_row_and_the_others_are_scored(model, images):
    there, gone = predict.predict([str(images / "0.png"), str(images / "gone.png")], model=model, reference=None)
    assert there["score"] is not None
    assert gone["score"] is None
    assert "gone.png" in gone["error"]


def test_an_image_above_the_pixel_limit_has_no_score(model, images, capsys):
    with pytest.raises(SystemExit) as exit_:
        predict.main([str(images / "0.png"), "--model", str(model), "--pixel-limit", "4095"])
    assert exit_.value.code == 1
    assert "64x64 pixels" in capsys.readouterr().out
    predict.main([str(images / "0.png"), "--model", str(model), "--pixel-limit", "4096"])
    text = failed(predict.main, [str(images / "0.png"), "--model", str(model), "--pixel-limit", "178956971"], capsys)
    assert "found: pixel_limit=178956971\nexpected: at most 178956970" in text


def test_errors_of_predict(model, images, capsys):
    (images / "empty").mkdir()
    text = failed(predict.main, [str(images / "none*.png"), "--model", str(model)], capsys)
    assert "none*.png, which names no image\nexpected: a file, a folder of images, or a pattern" in text
    assert "which names no image" in failed(predict.main, [str(images / "empty"), "--model", str(model)], capsys)
    one = str(images / "0.png")
    assert "found: nowhere, which is no folder" in failed(predict.main, [one, "--model", "nowhere"], capsys)
    text = failed(predict.main, [one, "--model", str(model), "--output", "scores.txt"], capsys)
    assert "found: --output scores.txt\nexpected: a name that ends in .csv, .jsonl or .parquet\ndo: " in text
    text = failed(predict.main, [one, "--model", str(model), "--output", "no/scores.csv"], capsys)
    assert "found: no folder no\nexpected: " in text


def test_a_model_without_a_teacher_refuses_a_reference(images, tmp_path, capsys):
    save_model(saved(fr=False), tmp_path / "alone")
    arguments = [str(images), "--model", str(tmp_path / "alone"), "--reference", str(images / "0.png")]
    assert "found: a model without a trained teacher (fr: false)" in failed(predict.main, arguments, capsys)
