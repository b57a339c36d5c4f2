"""The options of the commands that read runs: which runs, which of their models and figures, what names a row."""

import argparse
from pathlib import Path

from ksiqa.errors import ConfigError, whole_number

SCORES = ("model", "fr", "ridge")
FIGURES = ("srcc", "plcc", "plcc_fitted", "krcc", "rmse", "outlier_ratio", "imagery_error", "identity_error")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command's own."""
    one_of = parser.add_argument
    one_of(
        "runs",
        nargs="*",
        type=Path,
        metavar="RUNS",
        help="run folders at any depth; results.csv files, or their folders",
    )
    one_of(
        "--scores", nargs="+", choices=SCORES, default=["model"], help="also the teacher beside a student, the ridge"
    )
    one_of("--figures", nargs="+", choices=FIGURES, metavar="FIGURE", help=f"columns, of {', '.join(FIGURES)}")
    one_of("--label", nargs="+", metavar="KEY", help="settings that name rows (default: those that tell them apart)")
    one_of("--by-seed", action="store_true", help="a row a seed: differences by chance alone (A/A)")
    one_of("--against", metavar="ROW", help="the row that differences are taken to (default: the first)")
    one_of(
        "--draw", choices=["images", "contents"], default="images", help="what the bootstrap draws (default: images)"
    )
    one_of("--draws", type=int, default=2000, help="of the bootstrap (default: 2000)")


def check_options(options: argparse.Namespace, *, runs_wanted: bool = True) -> None:
    """Refuse, before any work, what could not be done at its end.

    Raises:
        ConfigError: no runs where some are wanted, no draws, or an output in a folder that is not there.
    """
    whole_number(options.draws, least=1, name="--draws")
    if runs_wanted and not options.runs:
        raise ConfigError(
            found="no RUNS", expected="folders of runs, or results.csv files", do="name some, such as outputs/NAME"
        )
    if options.output is not None and not options.output.parent.is_dir():
        raise ConfigError(
            found=f"no folder {options.output.parent}", expected="a folder that is there", do="make it first"
        )
