"""The photographs that come inside packages."""

from pathlib import Path

import pytest

from ksiqa.data.synthetic import demo_photographs as demo
from ksiqa.data.synthetic.photographs import is_grey
from ksiqa.errors import DatasetError
from tests.runs import composed


def test_fourteen_photographs_large_enough_to_crop():
    photographs = demo.demo_photographs()
    assert len(photographs) == 14
    assert all(min(image.shape[:2]) >= 300 for image in photographs.values())
    grey = {name for name, image in photographs.items() if is_grey(image)}
    assert (
        grey == {Path(file).stem for file in demo.GREY} == set(composed("train", "+experiment=demo").split.train_only)
    )
    assert not {"logo", "chessboard_RGB", "text", "phantom", "horse", "motorcycle_right", "color"} & set(photographs)


def test_without_scikit_image(monkeypatch):
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    with pytest.raises(DatasetError, match="found: scikit-image is not installed") as error:
        demo.demo_photographs()
    assert "do: pip install 'ksiqa[demo]'" in str(error.value)


def test_a_wheel_without_a_photograph(monkeypatch):
    monkeypatch.setattr(demo, "DEMO_FILES", (*demo.DEMO_FILES, "skimage/data/gone.png"))
    with pytest.raises(
        DatasetError, match=r"found: .*data without gone.png\nexpected: the photographs that the wheel of scikit-image"
    ):
        demo.demo_photographs()
