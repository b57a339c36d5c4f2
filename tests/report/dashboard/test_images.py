from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from ksiqa.report.dashboard.images import Images
from ksiqa.report.table.run import Run
from tests.report.dashboard.conftest import noise


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run of six images, of which one is broken and one is gone."""
    for number in range(5):
        Image.fromarray(noise(120, 200, seed=number)).save(tmp_path / f"{number}.png")
    (tmp_path / "4.png").write_bytes((tmp_path / "4.png").read_bytes()[:400])
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"data": {"root": str(tmp_path)}}))
    return Run(origin="", folder=tmp_path, predictions=None, results={"data": "a"}, settings={}, recipe="")


def of_root(folder: Path, root: str) -> Run:
    """A run whose config names another root."""
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump({"data": {"root": root}}))
    return Run(origin="", folder=folder, predictions=None, results={"data": "a"}, settings={}, recipe="")


def test_each_image_has_one_number_and_names_lose_their_root(tmp_path: Path) -> None:
    images, run = Images(budget=10**6), of_root(tmp_path / "run", "/data")
    names = ["/data/set/more/a.png", "/data/set/b.png", "/data/set/more/a.png", "/data/set\n<b>.png"]
    assert [images.number(run, name) for name in names] == [0, 1, 0, 2]
    assert images.held()["names"] == ["set/more/a.png", "set/b.png", r"set\n<b>.png"]


def test_no_path_of_the_machine_is_held_though_the_roots_have_nothing_in_common(tmp_path: Path) -> None:
    homes = (str(tmp_path / "me"), "/elsewhere/me")
    images, runs = Images(budget=10**6), [of_root(tmp_path / str(at), home) for at, home in enumerate(homes)]
    Path(homes[0]).mkdir()
    (tmp_path / "me" / "2.png").write_text("no image")
    ends = ("2.png", "koniq/3.png", "../4.png")
    for run, home in zip(runs, homes, strict=True):
        for end in ends:
            images.show(run, f"{home}/{end}")
    images.show(runs[0], "/third/me/5.png")
    held = images.held()
    assert held["names"] == ["2.png", "koniq/3.png", "4.png"] * 2 + ["5.png"]
    assert [note.rpartition("; ")[2] for note in held["notes"]] == ["first koniq/3.png.", "first 2.png."]
    lost, broken = images.notes(full=True)
    assert lost.endswith(f"; first {homes[0]}/koniq/3.png.")
    assert f"{homes[0]}/2.png" in broken


def test_the_room_is_kept_and_what_is_missing_is_said(run: Run) -> None:
    images = Images(budget=1)
    for number in range(4):
        images.show(run, f"{number}.png")
    held = images.held()
    assert list(held["pictures"]) == [0]
    assert (held["pictures"][0]["width"], held["pictures"][0]["height"]) == (200, 120)
    assert held["missing"] == {"image not found": [], "image cannot be read": []}  # the others: no room
    assert held["notes"] == ["3 images have no picture: the room for pictures is used up, by those of larger errors."]


def test_lost_and_broken_images_are_counted(run: Run) -> None:
    images = Images(budget=10**6)
    for name in ("4.png", "5.png", "6.png", "5.png"):
        images.show(run, name)
    lost, broken = images.notes(full=True)
    assert lost.startswith("2 images have no picture: they are neither where predictions.csv says nor below")
    assert lost.endswith("first 5.png.")
    assert broken.startswith("1 images cannot be read; first")
    held = images.held()
    assert held["missing"] == {"image not found": [1, 2], "image cannot be read": [0]}


def test_a_map_takes_of_the_room(run: Run) -> None:
    images = Images(budget=100)
    assert images.map(np.zeros((20, 20), np.float32))["columns"] == 20
    images.show(run, "0.png")
    assert images.held()["pictures"] == {}
