"""``python -m ksiqa.predict PATH... [--model DIR]``: score photographs."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ksiqa.command import errors_as_text
from ksiqa.errors import ConfigError, whole_number
from ksiqa.processor import MOST_WORKERS, cores
from ksiqa.stopping import stoppable
from ksiqa.usage import flags_parser

if TYPE_CHECKING:
    from ksiqa.prediction.rows import Row

FAILED = 1  # exit status where a file could not be scored; 2 is a command that could not be run
FORMS = (".csv", ".jsonl", ".parquet")
OF_WORK = ("model", "device", "dtype", "batch_size", "scale", "coverage", "reference", "maps", "pixel_limit", "workers")
KEPT = "repeat the command: what is scored is kept"
NOT_KEPT = "name --output FILE: then the same command goes on where it was stopped"


def main(arguments: list[str] | None = None) -> None:
    """Run the command; the exit status is 1 where a file could not be scored, 130 or 143 where a signal ended it."""
    with errors_as_text():
        options = options_parser().parse_args(sys.argv[1:] if arguments is None else arguments)
        check(options)
        with stoppable(NOT_KEPT if options.output is None else KEPT):
            from ksiqa.prediction.inputs import found_files

            files = found_files(options.paths, leave_out=options.maps)  # first: torch takes seconds
            from ksiqa.prediction.run import to_output, to_terminal
            from ksiqa.prediction.work import Work

            named = {name: getattr(options, name) for name in OF_WORK}
            work = Work(**{name: value for name, value in named.items() if value is not None})
            if options.output is None:
                failed = to_terminal(files, work, report=options.report)
            else:
                failed = to_output(files, work, options.output, devices=options.devices, report=options.report)
        if failed:
            raise SystemExit(FAILED)


def predict(paths: list[str], **settings: Any) -> list["Row"]:
    """Score files, the images in folders, and what globs match; a file that cannot be scored keeps its row.

    Args:
        paths: see ``found_files``.
        settings: the fields of ``Work``: ``model``, ``reference`` and so on.

    Returns:
        Rows of ``image``, ``score``, ``score_raw``, ``scale``, ``low`` and ``high`` as in ``ImageScore``, and ``error``
        (empty where scored; the others are None where not). With a reference ``score`` is the teacher's, and
        ``nr_score`` the student's without it, None where the model has no student.

    Raises:
        ConfigError: no scale of that name, or a pixel limit that ``read_image`` refuses.
        ImageError: a path that names nothing, or a reference that cannot be read.
        ModelFolderError: no model there, or it cannot score so.
    """
    from ksiqa.prediction.inputs import found_files
    from ksiqa.prediction.run import scored_files
    from ksiqa.prediction.work import Scoring, Work

    files = found_files(paths, leave_out=settings.get("maps"))
    return [one.row for one in scored_files(Scoring(Work(**settings)), list(files.items()))]


def check(options: argparse.Namespace) -> None:
    """Refuse, before any work, what could not be done at its end.

    Raises:
        ConfigError: an output of another ending, a folder that is not there, too few of what is counted; several
            devices without parts to write.
    """
    if options.output is not None and options.output.suffix not in FORMS:
        raise ConfigError(
            found=f"--output {options.output}", expected="a name that ends in .csv, .jsonl or .parquet",
            do="name it scores.csv",
        )  # fmt: skip
    if options.report is not None and options.report.suffix != ".html":
        raise ConfigError(
            found=f"--report {options.report}", expected="a name that ends in .html", do="name it report.html"
        )
    for text in options.paths:
        name, is_setting, value = text.partition("=")
        if is_setting and name in vars(options) and not Path(text).exists():
            raise ConfigError(
                found=f"{text} where a file is wanted", expected="a flag: --KEY VALUE", do=f"write --{name} {value}"
            )
    for path in (options.output, options.report):
        if path is not None and not path.parent.is_dir():
            raise ConfigError(
                found=f"no folder {path.parent}", expected="a folder for the scores that is there", do="make it first"
            )
    if options.maps is not None and options.maps.exists() and not options.maps.is_dir():
        raise ConfigError(
            found=f"--maps {options.maps}, which is a file", expected="a folder for the maps", do="choose another name"
        )
    for name, least in (("workers", 0), ("devices", 1)):
        whole_number(getattr(options, name), least=least, name=f"--{name}")
    if options.devices > 1 and (options.output is None or options.output.suffix != ".parquet"):
        raise ConfigError(
            found=f"--devices {options.devices} without parts to write to",
            expected="an output in parts, one or more of each process",
            do="set --output scores.parquet",
        )


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's flags."""
    parser = flags_parser("predict", meaning="Score photographs with a trained model.")
    add, workers = parser.add_argument, min(MOST_WORKERS, cores() - 1)
    add("paths", nargs="+", metavar="PATH", help="files, folders, patterns; - reads a list from standard input")
    add("--model", metavar="DIR", help="a run, its model/ folder, or owner/name of the hub; default: the package's own")
    add("--reference", type=Path, metavar="PATH", help="score against it, by the teacher; a folder: against its own")
    add("--scale", metavar="NAME", help="set on whose scale to score, of those the model learned from")
    add("--coverage", type=float, default=0.9, metavar="P", help="of the interval low to high (0.9)")
    add("--output", type=Path, metavar="FILE", help="write .csv, .jsonl or .parquet; the same command again goes on")
    add("--maps", type=Path, metavar="DIR", help="write each image's quality map, laid over it, as PNG")
    add(
        "--report",
        type=Path,
        metavar="FILE",
        help="write a page, such as report.html, of all scored images, with their maps",
    )
    add("--device", default="cpu", metavar="NAME", help="cpu (default), cuda, cuda:1")
    add("--devices", type=int, default=1, metavar="N", help="so many GPUs, or processes on the CPU (to .parquet)")
    add("--dtype", default="float32", metavar="NAME", help="of the network: float32 (default), bfloat16, float16")
    add("--batch-size", type=int, default=1, metavar="N", help="images scored at once (default: 1, exact to the bit)")
    add("--workers", type=int, default=workers, metavar="N", help=f"processes that read images (default: {workers})")
    add("--pixel-limit", type=int, metavar="N", help="refuse larger images (default: 178956970 pixels)")
    return parser


if __name__ == "__main__":
    main()
