"""Damaged files of every format, scored: a finite score or an error, never both, never neither."""

import math
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.fuzz.mutations import DAMAGES, FILES, damaged, file_of
from ksiqa.data.image_file import image_size, read_image
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.errors import ImageError
from ksiqa.inference.model_folder import save_model
from ksiqa.predict import predict
from tests.inference.conftest import saved

CASES = 300
KINDS = [(file, damage) for file in FILES for damage in DAMAGES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the cases: every kind of damage to every kind of file, some with two seeds."""
    folder = tmp_path_factory.mktemp("damaged")
    whole = Image.fromarray(demo_photographs()["coffee"]).resize((96, 64))
    files = {file: file_of(np.array(whole), file) for file in FILES}
    for case in range(CASES):
        file, damage = KINDS[case % len(KINDS)]
        content = damaged(files[file], damage, np.random.default_rng([23, case]))
        (folder / f"{case:03} {file}, {damage}.png").write_bytes(content)
    return folder


def test_what_is_read_has_the_size_that_is_stated(folder: Path) -> None:
    read = 0
    for path in sorted(folder.iterdir()):
        with suppress(ImageError):
            height, width, _ = read_image(path).shape
            assert image_size(path) == (width, height), path.name
            read += 1
    assert 0 < read < CASES


def test_each_file_has_a_score_or_an_error(folder: Path, tmp_path: Path) -> None:
    save_model(saved(), tmp_path / "model")
    rows = predict([str(folder)], model=tmp_path / "model", reference=None)
    assert len(rows) == CASES
    for row in rows:
        if row["error"]:
            assert (row["score"], row["score_raw"], row["scale"]) == (None, None, None)
        else:
            assert 0 <= row["score"] <= 1
            assert math.isfinite(row["score_raw"])


@pytest.mark.parametrize("damage", ["cut", "zeroed", "overwritten", "removed", "twice", "bit"])
def test_a_damaged_png_is_never_read_as_another_picture(folder: Path, damage: str, tmp_path: Path) -> None:
    """Its checksums tell; what follows its end, and nothing else, is not looked at."""
    whole = file_of(np.array(Image.fromarray(demo_photographs()["chelsea"]).resize((60, 40))), "png")
    path = tmp_path / "a.png"
    path.write_bytes(whole)
    sound = read_image(path)
    for seed in range(30):
        path.write_bytes(damaged(whole, damage, np.random.default_rng(seed)))
        with suppress(ImageError):
            np.testing.assert_array_equal(read_image(path), sound)


def test_a_jpeg_cut_short_and_closed_again_is_refused(tmp_path: Path) -> None:
    """Pillow reads it, grey from the cut on."""
    whole = file_of(np.array(Image.fromarray(demo_photographs()["chelsea"]).resize((120, 80))), "jpeg baseline")
    path = tmp_path / "a.jpg"
    for share in (0.3, 0.6, 0.9, 0.99):
        path.write_bytes(whole[: int(share * len(whole))] + whole[-2:])
        with Image.open(path) as image:
            image.load()
        with pytest.raises(ImageError, match="Corrupt JPEG data"):
            read_image(path)
