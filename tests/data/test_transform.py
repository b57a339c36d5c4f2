import re

import numpy as np
import pytest

from ksiqa.data.transform import Crop, every, fixed_views, random_crop, shrunk
from ksiqa.errors import ConfigError, ImageError


def _ramp(height, width):
    """Every pixel tells where it stands."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, np.zeros_like(rows)], axis=2).astype(np.uint8)


def _covered(views, size):
    seen = np.zeros(size, dtype=bool)
    for view in views:
        seen[view.top : view.top + view.height, view.left : view.left + view.width] = True
    return seen


def test_a_crop_cuts_its_rectangle_and_flips_it():
    image = _ramp(20, 30)
    plain, flipped = Crop(3, 5, 7, 9).cut(image), Crop(3, 5, 7, 9, flip=True).cut(image)
    assert plain.shape == (7, 9, 3)
    assert tuple(plain[0, 0]) == (3, 5, 0)
    assert tuple(flipped[0, 0]) == (3, 13, 0)
    assert np.array_equal(flipped[:, ::-1], plain)


def test_random_crops_reach_every_corner_and_flip_half_of_the_time():
    rng = np.random.default_rng(0)
    crops = [random_crop((6, 8), side=5, rng=rng) for _ in range(400)]
    assert {(crop.top, crop.left) for crop in crops} == {(top, left) for top in range(2) for left in range(4)}
    assert 160 < sum(crop.flip for crop in crops) < 240


def test_a_crop_of_the_whole_image():
    crop = random_crop((5, 5), side=5, rng=np.random.default_rng(0))
    assert (crop.top, crop.left, crop.height, crop.width) == (0, 0, 5, 5)


@pytest.mark.parametrize(("size", "expected"), [((64, 96), (0, 0, 64, 96)), ((70, 101), (3, 2, 64, 96))])
def test_the_whole_view_is_trimmed_evenly_to_whole_tokens(size, expected):
    (view,) = fixed_views(size, kind="whole", side=999, grid=9, cell=16)
    assert (view.top, view.left, view.height, view.width) == expected
    assert not view.flip


def test_a_grid_reaches_all_four_edges():
    views = fixed_views((50, 90), kind="grid", side=32, grid=3, cell=16)
    assert len(views) == 9
    assert {view.top for view in views} == {0, 9, 18}
    assert {view.left for view in views} == {0, 29, 58}
    assert _covered(views, (50, 90)).all()


def test_a_grid_of_one_is_the_centre():
    (view,) = fixed_views((50, 90), kind="grid", side=32, grid=1, cell=16)
    assert (view.top, view.left) == (9, 29)


def test_shrinking_keeps_the_aspect_and_never_enlarges():
    image = np.random.default_rng(0).integers(0, 256, (100, 150, 3), dtype=np.uint8)
    assert shrunk(image, short_side=50).shape == (50, 75, 3)
    assert shrunk(image.transpose(1, 0, 2), short_side=50).shape == (75, 50, 3)
    for side in (None, 100, 400):
        assert shrunk(image, short_side=side) is image


def test_shrinking_averages():
    """Without an anti-aliasing filter a fine chequerboard would come out black or white."""
    board = np.indices((64, 64)).sum(axis=0) % 2 * 255
    image = np.repeat(board[:, :, None], 3, axis=2).astype(np.uint8)
    assert np.abs(shrunk(image, short_side=16).astype(int) - 127).max() <= 2


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: random_crop((47, 60), side=48, rng=np.random.default_rng(0)),
            ImageError,
            "found: an image of 60x47\nexpected: at least 48x48 pixels\ndo: set data.crop to 47 or less",
        ),
        (
            lambda: random_crop((47, 60), side=48, rng=np.random.default_rng(0), cell=14),
            ImageError,
            "expected: at least 48x48 pixels\ndo: set data.crop to 42 or less, or leave the image out",
        ),
        (
            lambda: random_crop((12, 60), side=48, rng=np.random.default_rng(0), cell=14),
            ImageError,
            "expected: at least 48x48 pixels\ndo: leave the image out",
        ),
        (
            lambda: fixed_views((47, 60), kind="grid", side=48, grid=2, cell=16),
            ImageError,
            "found: an image of 60x47\nexpected: at least 48x48 pixels\ndo: set data.crop to 32 or less",
        ),
        (
            lambda: fixed_views((8, 60), kind="whole", side=48, grid=1, cell=16),
            ImageError,
            "found: an image of 60x8\nexpected: at least 16x16 pixels\ndo: leave the image out",
        ),
        (
            lambda: fixed_views((64, 64), kind="grid", side=48, grid=0, cell=16),
            ConfigError,
            "found: data.views.grid=0\nexpected: 1 to 32\ndo: set data.views.grid",
        ),
        (
            lambda: fixed_views((64, 64), kind="wole", side=48, grid=1, cell=16),
            ConfigError,
            "found: data.views.kind=wole\nexpected: one of grid, whole\ndo: set data.views.kind=whole",
        ),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


@pytest.mark.parametrize(("length", "stride", "count"), [(17, 2, 8), (16, 2, 8), (5, 3, 1), (1, 4, 1), (7, 1, 7)])
def test_every_nth_place_from_one_of_the_first(length, stride, count):
    drawn = [every(length, stride, rng=np.random.default_rng(seed)) for seed in range(40)]
    places = {tuple(range(length))[one] for one in drawn}
    assert {len(one) for one in places} == {count}
    assert {one[0] for one in places} == set(range(min(stride, length)))
    assert all(np.diff(one).tolist() == [stride] * (count - 1) for one in places)
