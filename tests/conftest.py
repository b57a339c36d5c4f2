"""What every test shares: executed shapes, the real data where it is present."""

import os
from pathlib import Path

from jaxtyping import install_import_hook

import tests.annotations  # noqa: F401  (the hook finds it as an attribute of its package)

install_import_hook("ksiqa", "tests.annotations.check")  # before the first import of ksiqa: shapes are executed

import pytest  # noqa: E402  (the hook comes first)

from ksiqa.quiet import quiet_lightning  # noqa: E402  (the hook comes before the first import of ksiqa)

SHARED = Path(os.environ.get("KSIQA_SHARED", Path(__file__).parents[2] / "shared"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests on real data where there is none, and say so in the summary ('deselected')."""
    if (SHARED / "datasets").is_dir():
        return
    left_out = [item for item in items if item.get_closest_marker("real_data")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def quiet() -> None:
    """Leave out what every run leaves out; all other warnings are errors."""
    quiet_lightning()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real datasets and weights."""
    return SHARED
