"""Runs whose images are there, and what a page of them holds."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ksiqa.report.dashboard import Asked, write_dashboard
from ksiqa.report.table.differences import Drawing
from ksiqa.report.table.summary import USUAL
from tests.prediction.conftest import crop
from tests.report.table.conftest import IMAGES, groups_of, write_run

HELD = re.compile(r'<script type="application/json" data-of="(\w+)">(.*)</script>')


def write_images(folder: Path, *, seed: int = 0) -> Path:
    """Write the sixty images of ``write_run`` and return the file that its config names as their table."""
    folder.mkdir(parents=True)
    for number in range(IMAGES):
        Image.fromarray(crop(number + seed)).save(folder / f"{number:02}.png")
    return folder / "scores.csv"


@pytest.fixture(scope="session")
def five(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five splits of a good recipe and of a worse one, which differ in two settings."""
    folder = tmp_path_factory.mktemp("five")
    data = {"file": str(write_images(folder / "images"))}
    for variant, noise in (("good", 0.15), ("worse", 0.35)):
        for split in range(5):
            config = {"variant": variant, "task": {"head_lr": noise / 100}, "data": data}
            write_run(folder / "runs" / f"{variant}-{split}", noise=noise, split=split, config=config)
    return folder / "runs"


def asked(**changes: Any) -> Asked:
    """Return what the command asks for without options, with some values changed."""
    usual = {"title": "Runs", "scores": ["model"], "figures": USUAL, "against": None, "worst": 4, "maps": False}
    return Asked(**{**usual, "drawing": Drawing(unit="image", draws=100), **changes})


def page(path: Path, *runs: Path, **changes: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Write the page of runs and return the images and the kinds that it holds."""
    write_dashboard(path, groups_of(*runs), asked(**changes))
    found = [(name, json.loads(text)) for name, text in HELD.findall(path.read_text(encoding="utf-8"))]
    return found[0][1], [value for name, value in found if name == "kind"]


def noise(height: int, width: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
