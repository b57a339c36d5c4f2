import pytest

from ksiqa.errors import ImageError
from ksiqa.prediction.references import ReferenceFolder


@pytest.fixture
def references(tmp_path):
    for name in ("1.png", "a/1.png", "a/2.bmp", "b/2.bmp", "b/3.png", "4.png", "4.bmp", "5.tiff"):
        file = tmp_path / "pristine" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return ReferenceFolder(tmp_path / "pristine")


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ("1.png", "1.png"),  # not a/1.png
        ("a/1.png", "a/1.png"),
        ("1.jpg", "1.png"),  # of the same path but for the ending
        ("b/2.jpg", "b/2.bmp"),
        ("c/3.jpg", "b/3.png"),  # of the same stem
        ("4.bmp", "4.bmp"),
        ("deep/er/5.jpg", "5.tiff"),
    ],
)
def test_the_reference_of_the_nearest_name(references, image, reference):
    assert references.of(f"photos/{image}", "photos") == references.folder / reference


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("6.png", r"no reference for photos/6.png in .*pristine"),
        ("2.png", r"2 references for photos/2.png: .*a/2.bmp, .*b/2.bmp"),
        ("4.jpg", r"2 references for photos/4.jpg: .*4.bmp, .*4.png"),
    ],
)
def test_none_or_several_are_an_error(references, image, found):
    with pytest.raises(ImageError, match=f"found: {found}\nexpected: one of the same path or"):
        references.of(f"photos/{image}", "photos")
