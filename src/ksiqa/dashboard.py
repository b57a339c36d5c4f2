"""``python -m ksiqa.dashboard RUNS...``: one page of plots and tables of what runs left behind."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ksiqa.command import errors_as_text
from ksiqa.errors import ConfigError, whole_number
from ksiqa.report.table.options import add_options, check_options
from ksiqa.usage import flags_parser

if TYPE_CHECKING:
    from ksiqa.report.table.groups import Group

MOST_IMAGES = 50  # of --worst


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    with errors_as_text():
        options = options_parser().parse_args(sys.argv[1:] if arguments is None else arguments)
        check(options)
        groups: list[Group] = []
        if options.runs:
            from ksiqa.report.table.views import read_groups

            groups, notes = read_groups(options.runs, keys=options.label, by_seed=options.by_seed)
            sys.stderr.writelines(f"{note}\n" for note in notes)
        (write if options.wandb is None else view)(options, groups)


def write(options: argparse.Namespace, groups: list["Group"]) -> None:
    """Write the page."""
    from ksiqa.report.dashboard import Asked, write_dashboard
    from ksiqa.report.table.differences import Drawing
    from ksiqa.report.table.summary import FIGURES, USUAL

    asked = Asked(
        title=options.title,
        scores=options.scores,
        figures=[key for key in FIGURES if key in (options.figures or USUAL)],
        against=options.against,
        drawing=Drawing(unit="content" if options.draw == "contents" else "image", draws=options.draws),
        worst=options.worst,
        maps=options.maps,
    )
    for note in write_dashboard(options.output, groups, asked):
        sys.stderr.write(f"{note}\n")
    sys.stderr.write(f"{options.output}\n")


def view(options: argparse.Namespace, groups: list["Group"]) -> None:
    """Save a view of a W&B project, or write its spec where that cannot be."""
    from ksiqa.callback.wandb_view import UploadError, built, saved, spec
    from ksiqa.files import write_whole
    from ksiqa.report.table.labels import telling
    from ksiqa.report.table.summary import USUAL

    entity, _, project = options.wandb.rpartition("/")
    view = built(
        entity=entity,
        project=project,
        title=options.title,
        figures=options.figures or USUAL,
        settings=options.label or telling([group.runs for group in groups]),
    )
    try:
        sys.stderr.write(f"{saved(view)}\n")
    except UploadError as error:
        with write_whole(options.output) as file:
            file.write(spec(view))
        sys.stderr.write(f"not uploaded: {error.found}; the view's spec is in {options.output}\n")


def check(options: argparse.Namespace) -> None:
    """Refuse, before any work, what could not be done at its end.

    Raises:
        ConfigError: no runs for a page, a count out of bounds, or an output of another ending or in no folder.
    """
    ending = ".html" if options.wandb is None else ".json"
    if options.output is None:
        options.output = Path(f"dashboard{ending}")
    check_options(options, runs_wanted=options.wandb is None)
    whole_number(options.worst, least=0, most=MOST_IMAGES, name="--worst")
    if options.output.suffix != ending:
        what = "the page" if options.wandb is None else "the view that could not be uploaded"
        raise ConfigError(
            found=f"--output {options.output}",
            expected=f"a name that ends in {ending}, of {what}",
            do=f"name it dashboard{ending}",
        )


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's flags."""
    parser = flags_parser(
        "dashboard", meaning="One page of plots and tables of finished runs, or a view of a W&B project."
    )
    add_options(parser)
    add = parser.add_argument
    add("--output", type=Path, metavar="FILE", help="the page (default: dashboard.html)")
    add("--title", default="Runs", metavar="TEXT", help="of the page, or the view (default: Runs)")
    add("--worst", type=int, default=8, metavar="N", help="images that each row is farthest off at (default: 8)")
    add("--maps", action="store_true", help="compute quality maps of these images, by the runs' models")
    add(
        "--wandb",
        metavar="[ENTITY/]PROJECT",
        help="instead of a page, save a view of this project of W&B; without a key its spec goes to --output",
    )
    return parser


if __name__ == "__main__":
    main()
