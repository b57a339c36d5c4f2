from itertools import pairwise
from pathlib import Path, PurePath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ksiqa.data.views import ScoringViews
from ksiqa.predict import predict
from ksiqa.prediction.maps import map_name, shown_part
from ksiqa.report.quality_map import COLOURS, LEGEND, LONG_SIDE, SHARE, overlay
from tests.inference.conftest import saved

PARTS = st.sampled_from(["a", "b", "..", "%up", "%root", "%", "%%root"])
PATHS = st.tuples(st.sampled_from(["", "/"]), st.lists(PARTS, max_size=3), st.sampled_from(["a.png", "%.jpg", "a.jpg"]))


@given(PATHS, PATHS)
def test_no_two_images_share_a_map_and_none_leaves_the_folder(one, other):
    paths = [PurePath(start, *parts, name) for start, parts, name in (one, other)]
    names = [map_name(str(path)) for path in paths]
    assert (names[0] == names[1]) == (paths[0] == paths[1])
    assert all(not name.is_absolute() and ".." not in name.parts for name in names)
    assert map_name("//a/b.png") == map_name("/a/b.png")  # one file, whose name POSIX leaves as it is


def test_a_name_that_leaves_no_room_has_a_map_of_its_own():
    long = ["a/" + "\N{CJK UNIFIED IDEOGRAPH-7167}" * 83 + f"{number}.png" for number in range(2)]
    names = {map_name(image) for image in long}
    assert len(names) == 2
    assert all(len(name.name.encode()) <= 255 and name.parent == PurePath("a") for name in names)


def test_each_image_has_its_map_where_it_lies_itself(photos, model):
    predict(["photos", str((photos / "0.png").absolute())], model=model, maps=Path("maps"))
    found = sorted(str(file.relative_to("maps")) for file in photos.parent.glob("maps/**/*.png"))
    assert found[1:] == [f"photos/{name}.png.png" for name in ("0", "2", "4", "more/1", "more/3", "more/5")]
    assert found[0].endswith("photos/0.png.png")
    assert found[0].startswith("%root/")


def test_colours_are_those_of_the_scale_from_0_to_1_over_the_photograph():
    white = np.full((40, 60, 3), 255, dtype=np.uint8)
    quality = np.array([[0.0, 0.25, 1.0], [0.5, 0.5, 0.5]], dtype=np.float32)
    picture = np.asarray(overlay(white, quality, box=(0, 0, 1, 1), score=0.5), dtype=float)
    assert picture.shape[0] == 40 + LEGEND
    for x, value in ((10, 0.0), (30, 0.25), (50, 1.0)):
        expected = 255 * (SHARE * np.array(COLOURS(value)[:3]) + 1 - SHARE)
        np.testing.assert_allclose(picture[10, x], expected, atol=2)
    half = overlay(white, quality / 2, box=(0, 0, 1, 1), score=0.5)  # the scale is not the map's own
    assert np.abs(np.asarray(half, dtype=float)[10, 50] - picture[10, 50]).max() > 20


def test_the_colours_rise_evenly_in_lightness():
    """So that they are told apart whoever looks, and in print without colours."""
    lightness = COLOURS(np.linspace(0, 1, 11))[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert all(after > one for one, after in pairwise(lightness))


def test_what_the_map_does_not_cover_has_no_colour():
    photograph = np.full((70, 100, 3), (200, 0, 0), dtype=np.uint8)
    box = shown_part((70, 100), saved(), scale="pairs")
    assert box == pytest.approx((2 / 100, 3 / 70, 98 / 100, 67 / 70))  # 64 x 96 of 70 x 100, evenly
    picture = np.asarray(overlay(photograph, np.ones((4, 6), dtype=np.float32), box=box, score=1.0))
    coloured = np.ptp(picture[:70, :100], axis=2) > 0
    assert coloured[3:67, 2:98].all()
    assert coloured.sum() == 64 * 96


def test_the_part_is_that_of_the_smaller_image_that_was_scored():
    small = saved(short_side=35, views=ScoringViews(kind="whole", side=48, grid=1, cell=16))
    left, top, right, bottom = shown_part((70, 100), small, scale="pairs")  # 35 x 50: 32 x 48 are scored
    assert (left, top, right, bottom) == pytest.approx((1 / 50, 1 / 35, 49 / 50, 33 / 35))


def test_large_photographs_are_made_smaller(tmp_path):
    large = np.zeros((300, 3000, 3), dtype=np.uint8)
    picture = overlay(large, np.ones((2, 20), dtype=np.float32), box=(0, 0, 1, 1), score=1.0)
    assert picture.size == (LONG_SIDE, 102 + LEGEND)
    small = overlay(large[:20, :20], np.ones((1, 1), dtype=np.float32), box=(0, 0, 1, 1), score=1.0)
    assert small.size[1] == 20 + LEGEND
    assert isinstance(small, Image.Image)
