"""``python -m ksiqa.train +experiment=NAME [overrides]``: train, test and keep everything in one folder."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ksiqa.command import hydra_command

if TYPE_CHECKING:
    from omegaconf import DictConfig


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    given = sys.argv[1:] if arguments is None else arguments
    hydra_command("train", train, given, meaning="Train and test a model, and keep everything in one folder.")


def train(config: "DictConfig", folder: Path) -> None:
    """Train as configured and print where the model is; or look for settings, where the config has a ``search``."""
    from ksiqa.sets import check_labels

    if not (folder / "results.json").exists():  # of a run that is done, nothing is read again
        check_labels(config)
    if "search" in config:
        from ksiqa.search.run import search

        search(config, folder)
        return
    from ksiqa.training.run import run  # torch and Lightning load here, not for --help

    run(config, folder)


if __name__ == "__main__":
    main()
