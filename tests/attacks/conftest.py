"""A sound model folder to be spoilt, and a limit of memory."""

import resource
from pathlib import Path

import pytest

from ksiqa.inference.model_folder import save_model
from tests.inference.conftest import saved


@pytest.fixture(scope="session")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    save_model(saved(), folder)
    return {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors")}


@pytest.fixture
def folder(sound, tmp_path):
    """A sound model folder, to be spoilt."""
    (tmp_path / "model").mkdir()
    for name, content in sound.items():
        (tmp_path / "model" / name).write_bytes(content)
    return tmp_path / "model"


@pytest.fixture(autouse=True)
def little_memory():
    """No attack takes 4 GiB more than there is already."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + 4 * 2**30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)
