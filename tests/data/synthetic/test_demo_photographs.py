import pytest

from ksiqa.data.synthetic import demo_photographs as demo
from ksiqa.data.synthetic.photographs import is_grey
from ksiqa.errors import DatasetError


def test_thirteen_photographs_large_enough_to_crop():
    photographs = demo.demo_photographs()
    assert len(photographs) == 13
    assert all(min(image.shape[:2]) >= 300 for image in photographs.values())
    assert sum(is_grey(image) for image in photographs.values()) == 5
    assert not {"logo", "chessboard_RGB", "text", "phantom", "horse", "motorcycle_right", "color"} & set(photographs)


def test_without_scikit_image(monkeypatch):
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    with pytest.raises(DatasetError, match="found: scikit-image is not installed") as error:
        demo.demo_photographs()
    assert "do: pip install 'ksiqa[demo]'" in str(error.value)


def test_a_wheel_without_a_photograph(monkeypatch):
    monkeypatch.setattr(demo, "DEMO_FILES", (*demo.DEMO_FILES, "gone.png"))
    with pytest.raises(
        DatasetError, match=r"found: .*data without gone.png\nexpected: the photographs that scikit-image"
    ):
        demo.demo_photographs()
