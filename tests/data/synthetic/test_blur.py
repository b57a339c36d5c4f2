import numpy as np
import pytest

from ksiqa.data.synthetic.blur import disc, line


@pytest.mark.parametrize("radius", [1, 2, 4, 6, 8])
def test_a_disc_has_the_moments_of_a_disc(radius):
    kernel = disc(radius)
    place = np.arange(-radius, radius + 1)
    assert kernel.sum() == pytest.approx(1)
    assert np.array_equal(kernel, kernel.T)
    variance = (kernel.sum(axis=1) * place**2).sum()
    assert variance == pytest.approx(radius**2 / 4 + 1 / 12, abs=0.07)  # a disc's, and a pixel's own


@pytest.mark.parametrize("length", [1, 2, 4, 6, 10])
@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 2, 2.8])
def test_a_line_has_its_length_and_angle(length, angle):
    kernel = line(length, angle=angle)
    place = np.arange(len(kernel)) - len(kernel) // 2
    assert len(kernel) % 2 == 1
    assert kernel.sum() == pytest.approx(1)
    rows, columns = kernel.sum(axis=1), kernel.sum(axis=0)
    assert (rows * place).sum() == pytest.approx(0, abs=1e-9)
    along = (length - 1) ** 2 / 12
    assert (rows * place**2).sum() + (columns * place**2).sum() == pytest.approx(along, abs=0.5)
    mixed = (kernel * place[:, None] * place[None, :]).sum()
    assert mixed == pytest.approx(along * np.sin(angle) * np.cos(angle), abs=0.3)
