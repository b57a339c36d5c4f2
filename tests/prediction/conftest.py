"""A small model that was never trained, its folder, and photographs to score."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.inference.model_folder import save_model
from tests.inference.conftest import saved

COLUMNS = ("image", "score", "score_raw", "scale", "low", "high", "error", "made_by")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scoring") / "model"
    save_model(saved(), folder)
    return folder


@cache
def coffee() -> np.ndarray:
    """A photograph; to decode those of the demo takes time."""
    return demo_photographs()["coffee"]


def crop(number: int, *, height: int = 48, width: int = 64) -> np.ndarray:
    """A part of a photograph, another one for each number."""
    photograph = coffee()
    top, left = 7 * number % (photograph.shape[0] - height), 13 * number % (photograph.shape[1] - width)
    return photograph[top : top + height, left : left + width]


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six photographs of two sizes, in two folders, of which the working directory has the upper one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    folder = Path("photos")
    (folder / "more").mkdir(parents=True)
    for number in range(6):
        place = folder / "more" if number % 2 else folder
        Image.fromarray(crop(number, width=64 if number < 3 else 80)).save(place / f"{number}.png")
    return folder


def many(folder: Path, count: int, *, side: int = 48) -> Path:
    """A folder of so many names of ten photographs."""
    folder.mkdir()
    for number in range(count):
        file = folder / f"{number:04}.png"
        if number < 10:
            Image.fromarray(crop(number, height=side, width=side)).save(file)
        else:
            os.link(folder / f"{number % 10:04}.png", file)
    return folder


def row(image: str, *, score: float | None = 0.1 + 0.2, error: str = "", made_by: str = "me") -> dict:
    return {
        **{"image": image, "score": score, "score_raw": score, "scale": None if error else "pairs"},
        **{"low": None, "high": None, "error": error, "made_by": made_by},
    }
