import numpy as np
import piq
import pytest
import torch

from ksiqa.data.synthetic.families import FAMILIES, LEVELS, distort, stable_seed
from ksiqa.data.synthetic.measures import measures
from ksiqa.errors import ConfigError, ImageError


def test_every_number_of_kadid10ks_list_stands_once_and_only_webp_has_none():
    numbers = [family.number for family in FAMILIES.values() if family.number is not None]
    assert sorted(numbers) == list(range(1, 26))
    assert [family.name for family in FAMILIES.values() if family.number is None] == ["webp"]
    assert all(name == family.name for name, family in FAMILIES.items())


@pytest.mark.parametrize("name", FAMILIES)
def test_shape_and_bytes_are_kept_and_the_input_is_not_touched(name, crops):
    image = crops["coffee"][:150, :171].copy()  # sides that no block divides
    before = image.copy()
    for level in LEVELS:
        distorted = distort(image, family=name, level=level, seed=3)
        assert distorted.shape == image.shape
        assert distorted.dtype == np.uint8
    assert np.array_equal(image, before)
    assert not np.array_equal(distort(image, family=name, level=5, seed=3), image)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_seed_fixes_every_byte(name, crops):
    first, again = (distort(crops["coffee"], family=name, level=4, seed=7) for _ in range(2))
    assert np.array_equal(first, again)


@pytest.mark.parametrize("name", ["white_noise", "impulse_noise", "motion_blur", "patches", "colour_block"])
def test_another_seed_draws_anew(name, crops):
    first, other = (distort(crops["coffee"], family=name, level=4, seed=seed) for seed in (7, 8))
    assert not np.array_equal(first, other)


def test_seeds_are_the_same_on_every_machine():
    assert stable_seed(0, "jpeg") == 5813398545263743289


@pytest.mark.parametrize("name", FAMILIES)
def test_severity_rises_for_two_measures_on_the_mean(name, crops):
    """Two-sided families rise with their deviation, never with the level index; equal ones may swap."""
    family = FAMILIES[name]
    deviation = np.round(family.deviation, 9)
    found = {
        level: _damage([(image, distort(image, family=name, level=level, seed=0)) for image in crops.values()])
        for level in LEVELS
    }
    rises = 0
    for measure in ("mse", "ssim", "gmsd", "haarpsi"):
        rises += all(
            found[low][measure] <= found[high][measure] + 1e-6
            for low in LEVELS
            for high in LEVELS
            if deviation[low - 1] < deviation[high - 1]
        )
    assert rises >= 2


def _damage(pairs):
    each = [measures(reference, distorted) for reference, distorted in pairs]
    signs = {"mse": 1, "gmsd": 1, "ssim": -1, "haarpsi": -1}
    return {name: sign * np.mean([one[name] for one in each]) for name, sign in signs.items()}


def test_two_sided_families_are_ordered_by_deviation():
    assert [name for name, family in FAMILIES.items() if family.two_sided] == [
        "mean_shift",
        "contrast_change",
    ]
    assert FAMILIES["mean_shift"].by_severity() == (3, 2, 4, 1, 5)
    assert FAMILIES["contrast_change"].by_severity() == (3, 4, 2, 5, 1)
    assert FAMILIES["jpeg"].by_severity() == LEVELS


@pytest.mark.parametrize(
    ("name", "level"),
    [("gaussian_blur", 1), ("motion_blur", 1), ("mean_shift", 3), ("colour_saturation_2", 1)],
)
def test_levels_that_change_nothing(name, level, crops):
    assert np.array_equal(distort(crops["astronaut"], family=name, level=level, seed=0), crops["astronaut"])


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.needs_colour])
def test_families_of_colour_leave_a_grey_photograph_nearly_as_it_is(name, crops):
    distorted = distort(crops["camera"], family=name, level=5, seed=0).astype(int)
    assert np.abs(distorted - crops["camera"]).max() <= 1


def test_psnr_of_white_noise_is_its_variance(crops):
    even = np.full((200, 200, 3), 128, np.uint8)
    for level, variance in zip(LEVELS, (0.001, 0.002, 0.003, 0.005, 0.01), strict=True):
        noisy = distort(even, family="white_noise", level=level, seed=1)
        assert np.var(noisy / 255) == pytest.approx(variance, rel=0.03)


def test_measures_are_piqs(crops):
    reference, distorted = crops["coffee"], distort(crops["coffee"], family="jpeg", level=3, seed=0)
    x, y = (torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255 for image in (distorted, reference))
    found = measures(reference, distorted)
    assert -10 * np.log10(found["mse"]) == pytest.approx(float(piq.psnr(x, y)), abs=1e-4)
    assert found["gmsd"] == pytest.approx(float(piq.gmsd(x, y)), abs=1e-6)
    assert found["haarpsi"] == pytest.approx(float(piq.haarpsi(x, y)), abs=1e-6)


def test_unknown_family_names_the_nearest(crops):
    with pytest.raises(ConfigError, match="found: family=jpg2000") as error:
        distort(crops["coffee"], family="jpg2000", level=1, seed=0)
    assert "do: set family=jpeg2000 (the nearest name)" in str(error.value)


@pytest.mark.parametrize("level", [0, 6])
def test_unknown_level(level, crops):
    with pytest.raises(ConfigError, match=f"found: level={level}\nexpected: a level from 1 to 5\ndo: choose"):
        distort(crops["coffee"], family="jpeg", level=level, seed=0)


def test_an_image_too_small():
    with pytest.raises(ImageError, match="found: an image of 100x63\nexpected: sides of at least 64 pixels\ndo: use a"):
        distort(np.zeros((63, 100, 3), np.uint8), family="patches", level=1, seed=0)
