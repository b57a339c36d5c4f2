"""Photographs for the tests of synthetic pairs."""

import numpy as np
import pytest
from jaxtyping import UInt8
from numpy import ndarray

from ksiqa.data.synthetic.demo_photographs import demo_photographs

SIDE = 192


@pytest.fixture(scope="session")
def crops() -> dict[str, UInt8[ndarray, "_ _ 3"]]:
    """Crops of 192 x 192 at the centre of three colour photographs and a grey one."""
    photographs = demo_photographs()
    cut = {}
    for name in ("astronaut", "coffee", "motorcycle_left", "camera"):
        image = photographs[name]
        top, left = (image.shape[0] - SIDE) // 2, (image.shape[1] - SIDE) // 2
        cut[name] = np.ascontiguousarray(image[top : top + SIDE, left : left + SIDE])
    return cut
