"""What every test shares: executed shapes, the real data where it is present."""

import gc
import os
from importlib import import_module
from pathlib import Path

from jaxtyping import install_import_hook

import tests.annotations  # noqa: F401  (the hook finds it as an attribute of its package)

# What is imported first while the hook reads a module of ksiqa is compiled anew by each process: these come before it.
for package in ("lightning.pytorch", "matplotlib.figure", "pandas", "scipy.optimize", "scipy.stats", "timm", "wandb"):
    import_module(package)

install_import_hook("ksiqa", "tests.annotations.check")  # before the first import of ksiqa: shapes are executed

import pytest  # noqa: E402  (the hook comes first)

from ksiqa.training.quiet import quiet_lightning  # noqa: E402  (the hook comes first)
from tests.tiny import write_table  # noqa: E402  (the hook comes first)

SHARED = Path(os.environ.get("KSIQA_SHARED", Path(__file__).parents[2] / "shared"))


def pytest_collection_finish() -> None:
    """Leave out of each later search for garbage what was imported, which stays."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests on real data where there is none, and say so in the summary ('deselected')."""
    if (SHARED / "datasets").is_dir():
        return
    left_out = [item for item in items if item.get_closest_marker("real_data")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What commands keep for later ones stays out of the home of whoever runs the tests."""
    os.environ["KSIQA_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def quiet() -> None:
    """Leave out what every run leaves out; all other warnings are errors."""
    quiet_lightning()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real datasets and weights."""
    return SHARED


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("pairs"), contents=10)


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    return write_table(folder, contents=10, first=20, references=False)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of five photographs, to be made into synthetic pairs."""
    folder = tmp_path_factory.mktemp("pristine")
    write_table(folder / "written", contents=5, first=30, side=96)
    for number in range(30, 35):
        (folder / "written" / f"{number}.png").rename(folder / f"{number}.png")
    for rest in (folder / "written").iterdir():
        rest.unlink()
    (folder / "written").rmdir()
    return folder
