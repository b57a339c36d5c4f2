"""Sources of tiny pairs and of tiny images without references, and a way to train on them."""

from typing import Any

import lightning.pytorch as lightning
import pytest

from ksiqa.data.image_source import FileImages
from ksiqa.task.phase import Phase
from tests.tiny import table_images, write_table


@pytest.fixture(autouse=True)
def seeded() -> None:
    lightning.seed_everything(0, verbose=False)


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> FileImages:
    """Forty contents at five levels of blur, with references: the source ``pairs``."""
    return table_images(write_table(tmp_path_factory.mktemp("pairs"), contents=40), name="pairs")


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> FileImages:
    """Ten contents at five levels of blur, without references: the source ``photographs``."""
    file = write_table(tmp_path_factory.mktemp("photographs"), contents=10, first=40, references=False)
    return table_images(file, references=False, name="photographs")


def trainer(**settings: Any) -> lightning.Trainer:
    """Return a Trainer that leaves nothing behind."""
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    return lightning.Trainer(accelerator="cpu", enable_model_summary=False, **quiet, **settings)


def trained(phase: Phase, **settings: Any) -> lightning.Trainer:
    """Train a phase and return its Trainer."""
    for part in phase.frozen:
        part.requires_grad_(False)
    made = trainer(**{"max_epochs": phase.epochs, "num_sanity_val_steps": 0, **settings})
    made.fit(phase.task, phase.loaders(), phase.validation())
    return made
