from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ksiqa.errors import StorageError
from ksiqa.report.scatter import scatter_plot


def draw(path: Path, *, rows: int = 300, fitted: bool = True) -> np.ndarray:
    rng = np.random.default_rng(0)
    label = 100 * rng.beta(3, 2, rows)
    score = np.clip(label + 10 * rng.normal(size=rows), 0, 100)
    x = np.linspace(0, 100, 50)
    line = (x, 100 / (1 + np.exp(-(x - 50) / 18))) if fitted else None
    scatter_plot(path, score_raw=score, label_raw=label, fit_line=line, title="A set, split 0", label_name="MOS")
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB")).astype(int)


def orange(pixels: np.ndarray) -> int:
    """Pixels of the curve."""
    return int((np.abs(pixels - [0xC2, 0x41, 0x0C]).sum(-1) < 30).sum())


def bluish(pixels: np.ndarray) -> int:
    """Pixels of points."""
    return int((pixels[..., 2] - pixels[..., 0] > 60).sum())


def test_points_and_curve_are_drawn(tmp_path: Path) -> None:
    pixels = draw(tmp_path / "scatter.png")
    assert pixels.shape == (900, 900, 3)
    assert bluish(pixels) > 5000
    assert orange(pixels) > 1000
    assert orange(draw(tmp_path / "scatter.png", fitted=False)) == 0


@pytest.mark.parametrize("rows", [2, 20000])
def test_few_and_many_points(tmp_path: Path, rows: int) -> None:
    assert bluish(draw(tmp_path / "scatter.png", rows=rows)) > 50


def test_an_old_picture_is_replaced_and_nothing_else_left(tmp_path: Path) -> None:
    path = tmp_path / "scatter.png"
    path.write_bytes(b"old")
    draw(path)
    assert [file.name for file in tmp_path.iterdir()] == ["scatter.png"]


def test_a_picture_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "taken.png"
    folder.mkdir()
    with pytest.raises(StorageError, match=r"taken\.png: Is a directory"):
        draw(folder)
    assert list(tmp_path.iterdir()) == [folder]


def test_the_same_numbers_give_the_same_picture(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    draw(tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_no_global_state(tmp_path: Path) -> None:
    from matplotlib import pyplot

    draw(tmp_path / "scatter.png")
    assert pyplot.get_fignums() == []
