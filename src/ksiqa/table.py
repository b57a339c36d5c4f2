"""``python -m ksiqa.table RUNS...``: tables and plots of what runs left behind."""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ksiqa.command import errors_as_text
from ksiqa.report.table.options import add_options, check_options
from ksiqa.usage import flags_parser

if TYPE_CHECKING:
    from ksiqa.report.table.views import Wanted

SHOWN = """tables (--show):
  summary      a row a recipe (all of a config but split and seed): median, extremes and deviation over splits
  runs         a row a run; as CSV all of each results.json, which this command reads again
  differences  paired differences, each row against one (--against), with intervals
  papers       methods by sets, published numbers beside measured ones
  cross        across databases: the set of training by the sets of tests
  distortion   SRCC within each distortion
  level        SRCC within each level of distortion

Rows that are marked (fewer than ten splits or test images, partial data, pseudo-scores, selected on the test part,
official split, trained on the same photographs) stand in tables of their own. An error ends with status 2."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    with errors_as_text():
        options = options_parser().parse_args(sys.argv[1:] if arguments is None else arguments)
        check_options(options, runs_wanted=not options.update)
        for file in options.update:
            from ksiqa.report.table.marked import update

            count = update(file, made=partial(markdown, folder=file.parent))
            sys.stderr.write(f"{file}: {count} tables\n")
        if options.runs:
            write(options)


def write(options: argparse.Namespace) -> None:
    """Write the tables, and the plots where they are asked for."""
    from rich.console import Console

    from ksiqa.files import write_whole
    from ksiqa.report.table.formats import render
    from ksiqa.report.table.views import read_groups, tables

    groups, notes = read_groups(options.runs, keys=options.label, by_seed=options.by_seed)
    for note in notes:
        sys.stderr.write(f"{note}\n")
    sections = tables(groups, _wanted(options))
    width = Console().width if options.output is None and sys.stdout.isatty() else None
    text = render(sections, form=options.format, width=width)
    if options.output is None:
        sys.stdout.write(text)
    else:
        with write_whole(options.output) as file:
            file.write(text)
    if options.plots is not None:
        from ksiqa.report.plots import write_plots

        for path in write_plots(options.plots, groups, scores=options.scores):
            sys.stderr.write(f"{path}\n")


def markdown(words: list[str], *, folder: Path) -> str:
    """Return what the command makes of the words of a marker; RUNS start from ``folder``."""
    from ksiqa.report.table.formats import render
    from ksiqa.report.table.views import read_groups, tables

    options = options_parser().parse_args([*words, "--format", "markdown"])
    paths = [folder / path for path in options.runs]
    groups, _ = read_groups(paths, keys=options.label, by_seed=options.by_seed)
    return render(tables(groups, _wanted(options)), form="markdown")


def _wanted(options: argparse.Namespace) -> "Wanted":
    from ksiqa.report.table.summary import FIGURES, USUAL
    from ksiqa.report.table.views import Wanted

    return Wanted(
        show=options.show,
        form=options.format,
        scores=options.scores,
        figures=[key for key in FIGURES if key in (options.figures or USUAL)],
        keys=options.label,
        against=options.against,
        draw=options.draw,
        draws=options.draws,
    )


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's flags."""
    parser = flags_parser("table", meaning="Tables and plots of finished runs.", more=SHOWN)
    add_options(parser)
    add = parser.add_argument
    add("--format", choices=["table", "csv", "markdown", "latex"], default="table", help="(default: table)")
    add("--output", type=Path, metavar="FILE", help="write there instead of to the terminal")
    show = ["summary", "runs", "differences", "papers", "cross", "distortion", "level"]
    add("--show", nargs="+", choices=show, default=["summary"], metavar="TABLE", help="see below (default: summary)")
    add("--plots", type=Path, metavar="FOLDER", help="write plots there, as PNG and SVG")
    add("--update", nargs="+", type=Path, default=[], metavar="FILE", help="remake the marked tables of Markdown files")
    return parser


if __name__ == "__main__":
    main()
