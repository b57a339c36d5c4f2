"""Where the pixels behind predictions are looked for."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from ksiqa.data.source import synthetic
from ksiqa.errors import KsiqaError
from ksiqa.report.dashboard.found import file_of, pixels_of
from ksiqa.report.table.run import Run
from tests.prediction.conftest import crop

PAIRS = {"levels": [2], "size": [96, 96], "root": None, "distortion_seed": 3}


def run_of(folder: Path, data: dict, **results: str) -> Run:
    (folder / "config.yaml").write_text(yaml.safe_dump({"data": data}))
    return Run(origin="one", folder=folder, predictions=None, results=results, settings={}, recipe="")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    file = tmp_path / "moved" / "Images" / "a.png"
    file.parent.mkdir(parents=True)
    Image.fromarray(crop(0)).save(file)
    return file


def test_a_file_is_where_it_was_or_below_the_root(image: Path, tmp_path: Path) -> None:
    root = {"root": str(tmp_path / "moved")}
    assert file_of({}, str(image), start=Path()) == image
    assert file_of(root, "/elsewhere/ChallengeDB/Images/a.png", start=Path()) == image
    assert file_of(root, "Images/a.png", start=Path()) == image
    assert file_of({"file": str(image.with_name("scores.csv"))}, "/elsewhere/a.png", start=Path()) == image
    assert file_of(root, "/elsewhere/Images/b.png", start=Path()) is None
    assert file_of({}, "/elsewhere/Images/a.png", start=Path()) is None


def test_relative_paths_start_where_the_command_was_given(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "moved" / "Images")
    run = run_of(tmp_path, {"root": "moved"}, directory=str(tmp_path))
    for name in ("moved/Images/a.png", "Images/a.png", "elsewhere/Images/a.png"):
        np.testing.assert_array_equal(pixels_of(run, name), crop(0))
    (evaluations := tmp_path / "evaluations").mkdir()
    evaluation = run_of(evaluations, {}, directory=str(evaluations))  # its data are not in its folder
    np.testing.assert_array_equal(pixels_of(evaluation, "../moved/Images/a.png"), crop(0))
    (photographs := tmp_path / "photographs").mkdir()
    Image.fromarray(np.tile(crop(0), (2, 2, 1))).save(photographs / "b.png")
    pairs = {**PAIRS, "root": "photographs", "source": {"_target_": "ksiqa.data.source.synthetic"}}
    found = pixels_of(run_of(photographs, pairs, directory=str(tmp_path)), "b__jpeg__2")
    assert found is not None
    assert found.shape == (96, 96, 3)
    monkeypatch.chdir(tmp_path)  # moved to another machine, with data and photographs
    for moved, name in (
        (run_of(tmp_path / "moved", {"root": "moved"}, directory="/gone"), "moved/Images/a.png"),
        (run_of(photographs, pairs, directory="/gone"), "b__jpeg__2"),
    ):
        assert pixels_of(moved, name) is not None


def test_no_name_leads_out_of_the_root(image: Path, tmp_path: Path) -> None:
    root = {"root": str(tmp_path / "moved" / "other")}
    assert file_of(root, "../Images/a.png", start=Path()) is None
    np.testing.assert_array_equal(pixels_of(run_of(tmp_path, {}), str(image)), crop(0))


def test_a_broken_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no image")
    with pytest.raises(KsiqaError, match=r"a\.png"):
        pixels_of(run_of(tmp_path, {"root": str(tmp_path)}), "a.png")


def test_a_pair_is_made_again_as_training_saw_it(tmp_path: Path) -> None:
    run = run_of(tmp_path, {**PAIRS, "source": {"_target_": "ksiqa.data.source.synthetic"}})
    source = synthetic(
        name="demo", root=None, families=["jpeg", "white_noise"], levels=[2], size=[96, 96], pristine=True, seed=3,
        cache=str(tmp_path), keep_in_memory=False, on_bad_image="stop", pixel_limit=10**8, workers=0,
    )  # fmt: skip
    for row in (0, 1, 2, 5):
        np.testing.assert_array_equal(pixels_of(run, source.table.frame["image"][row]), source.load(row).distorted)
    assert pixels_of(run, "nobody__jpeg__2") is None
