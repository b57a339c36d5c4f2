import numpy as np
import pytest

from ksiqa.data.synthetic.pixels import convolve, from_lab, to_bytes, to_lab, to_unit


def test_bytes_survive_the_way_through_lab():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    assert np.array_equal(to_bytes(from_lab(to_lab(to_unit(image)))), image)


def test_lab_of_known_colours():
    colours = np.array([[[1.0, 1, 1], [0, 0, 0], [1, 0, 0], [0, 0, 1]]])
    wanted = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20], [32.30, 79.19, -107.86]]  # sRGB, D65
    assert to_lab(colours)[0] == pytest.approx(np.array(wanted), abs=0.02)


def test_lab_agrees_with_scikit_image():
    color = pytest.importorskip("skimage.color")
    unit = np.random.default_rng(1).random((20, 30, 3))
    assert to_lab(unit) == pytest.approx(color.rgb2lab(unit), abs=0.02)


def test_convolution_keeps_an_even_image_and_its_borders():
    even = np.full((30, 40, 3), 0.25)
    assert convolve(even, np.full((7, 7), 1 / 49)) == pytest.approx(even)
