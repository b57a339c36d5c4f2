"""Whole runs at miniature size: configs as the commands compose them."""

from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from ksiqa.command import conf_folder
from ksiqa.run import run

SMALL = (
    *("backbone=tiny", "strategy=cpu", "trainer.enable_progress_bar=false", "trainer.max_epochs=1"),
    *("model.width=32", "model.heads=4", "model.imagery_depth=1", "model.decoder_depth=1", "model.levels=8"),
    *("data.crop=32", "data.batch_size=8", "data.workers=0", "split.validation_share=0.2"),
)


def table_overrides(file: Path, *, reference: bool = True) -> list[str]:
    """Return the overrides that make a CSV of ``tests.tiny.write_table`` the data."""
    named = ["data.reference=reference"] if reference else []
    return ["data=table", f"data.file={file}", "data.low=1", "data.high=5", "data.higher_is_better=true", *named]


def composed(command: str, *overrides: str) -> DictConfig:
    """Compose a command's config."""
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        return compose(command, list(overrides))


def train(folder: Path, *overrides: str) -> dict[str, Any]:
    """Train in ``folder`` at miniature size and return the results; ``overrides`` go over the miniature's own."""
    return run(composed("train", *SMALL, f"cache={folder.parent / 'cache'}", *overrides), folder)
