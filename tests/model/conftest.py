"""A view of real pixels, and seeded random numbers."""

import pytest
import torch

from ksiqa.batch import View
from ksiqa.data.synthetic.demo_photographs import demo_photographs


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def view() -> View:
    """Three crops of 64 x 96 of photographs."""
    photographs = demo_photographs()
    crops = [photographs[name][100:164, 100:196] for name in ("astronaut", "coffee", "rocket")]
    return View(torch.stack([torch.tensor(crop).permute(2, 0, 1) for crop in crops]).float() / 255)
