"""A small table of real pixels on disk, for the tests of samples and loaders."""

import pytest

from ksiqa.data.image_source import FileImages
from tests.tiny import table_images, write_table


@pytest.fixture(scope="session")
def scored_files(tmp_path_factory: pytest.TempPathFactory) -> FileImages:
    """Five contents at five levels of blur, 64 x 64, with references."""
    return table_images(write_table(tmp_path_factory.mktemp("scored"), contents=5))


@pytest.fixture(scope="session")
def files_without_references(tmp_path_factory: pytest.TempPathFactory) -> FileImages:
    """The same without references."""
    folder = tmp_path_factory.mktemp("unreferenced")
    return table_images(write_table(folder, contents=5, references=False), references=False)
