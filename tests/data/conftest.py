"""A small table of real pixels on disk, for the tests of samples and loaders."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from torch import distributed
from torch.testing._internal.distributed.fake_pg import FakeStore

from ksiqa.data.image_source import FileImages
from tests.tiny import table_images, write_table


@contextmanager
def process(rank: int, *, of: int) -> Iterator[None]:
    """Be one of several processes: torch's own stand-in for a process group, which waits for nobody."""
    distributed.init_process_group("fake", store=FakeStore(), rank=rank, world_size=of)
    try:
        yield
    finally:
        distributed.destroy_process_group()


@pytest.fixture(scope="session")
def scored_files(tmp_path_factory: pytest.TempPathFactory) -> FileImages:
    """Five contents at five levels of blur, 64 x 64, with references."""
    return table_images(write_table(tmp_path_factory.mktemp("scored"), contents=5))


@pytest.fixture(scope="session")
def files_without_references(tmp_path_factory: pytest.TempPathFactory) -> FileImages:
    """The same without references."""
    folder = tmp_path_factory.mktemp("unreferenced")
    return table_images(write_table(folder, contents=5, references=False), references=False)
