"""Pictures that stand twice: which are a leak, and which are only told."""

import pandas as pd
import pytest
from PIL import Image

from ksiqa.data.duplicates import Duplicate, Seen, duplicates_across, duplicates_within
from ksiqa.data.pictures import Pictures
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from tests.data.prepared import looked_over


@pytest.fixture(scope="module")
def photographs():
    return {name: Image.fromarray(image) for name, image in demo_photographs().items()}


def _seen(folder, images, contents=None, name="one"):
    """Write images as PNG and look them over; ``contents`` tells those that are not their own."""
    folder.mkdir(exist_ok=True)
    for place, image in images.items():
        image.save(folder / place)
    files = [str(folder / place) for place in images]
    of_files = {file: (contents or {}).get(place, place) for file, place in zip(files, images, strict=True)}
    shown = tuple(pd.Series(of_files).drop_duplicates().index)
    index, known, _ = looked_over(files, folder.parent / "cache", name=name)
    return Seen(Pictures(name, of_files, shown), known, index)


def _told(duplicates):
    return {(one.one.rpartition("/")[2], one.other.rpartition("/")[2]): (one.how, one.is_leak) for one in duplicates}


def test_equal_pixels_of_two_contents_are_a_leak(tmp_path, photographs):
    image = photographs["coffee"]
    seen = _seen(tmp_path / "set", {"a.png": image, "b.bmp": image, "c.png": photographs["chelsea"], "d.png": image})
    assert _told(duplicates_within(seen)) == {
        ("a.png", "b.bmp"): ("equal pixels in files that differ", True),
        ("a.png", "d.png"): ("equal bytes", True),
    }


def test_equal_images_of_one_content_are_told(tmp_path, photographs):
    twin = photographs["coffee"].reduce(2)
    images = {"reference.png": photographs["coffee"], "jpeg1.png": twin, "jpeg2.png": twin}
    seen = _seen(tmp_path / "set", images, contents=dict.fromkeys(images, "coffee"))
    assert _told(duplicates_within(seen)) == {("jpeg1.png", "jpeg2.png"): ("equal bytes", False)}


def test_near_duplicates_are_looked_for_among_contents(tmp_path, photographs):
    coffee, chelsea = photographs["coffee"], photographs["chelsea"]
    images = {"1.png": coffee, "1_1.png": coffee.convert("L"), "2.png": chelsea, "3.jpg": coffee.reduce(2)}
    seen = _seen(tmp_path / "set", images, contents={"1_1.png": "1.png"})
    ((pair, (how, is_leak)),) = _told(duplicates_within(seen)).items()
    assert pair == ("1.png", "3.jpg")
    assert how.startswith("one picture (likeness 0.99") or how == "one picture (likeness 1.000)"
    assert is_leak


def test_what_two_sets_share(tmp_path, photographs):
    coffee, chelsea, rocket = (photographs[name] for name in ("coffee", "chelsea", "rocket"))
    one = _seen(tmp_path / "one", {"a.png": coffee, "b.png": chelsea, "c.png": rocket})
    left = {"x.png": chelsea, "y.jpg": coffee.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "z.png": photographs["coins"]}
    other = _seen(tmp_path / "other", left, name="other")
    told = _told(duplicates_across(one, other))
    assert set(told) == {("a.png", "y.jpg"), ("b.png", "x.png")}
    assert told["b.png", "x.png"] == ("equal bytes", True)
    assert told["a.png", "y.jpg"][0].startswith("one picture")
    assert all(isinstance(found, Duplicate) for found in duplicates_across(other, one))


def test_sets_without_a_file_that_can_be_read(tmp_path, photographs):
    seen = _seen(tmp_path / "one", {"a.png": photographs["coffee"]})
    nothing = Seen(seen.pictures, {}, seen.index)
    assert duplicates_within(nothing) == []
    assert duplicates_across(seen, nothing) == []
    assert duplicates_across(nothing, seen) == []
