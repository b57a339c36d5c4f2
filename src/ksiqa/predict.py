"""``python -m ksiqa.predict PATH... --model DIR``: score photographs."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ksiqa.command import errors_as_text

if TYPE_CHECKING:
    from ksiqa.inference.scoring import Scorer

SCORED = ("score", "score_raw", "scale", "low", "high")  # of an ImageScore, in a row
FAILED = 1  # exit status where a file could not be scored; 2 is a command that could not be run


def main(arguments: list[str] | None = None) -> None:
    """Run the command; the exit status is 1 where a file could not be scored."""
    with errors_as_text():
        options = _parser().parse_args(sys.argv[1:] if arguments is None else arguments)
        check_output(options.output)
        named = {name: getattr(options, name) for name in ("model", "reference", "scale", "coverage", "pixel_limit")}
        rows = predict(options.paths, **named)
        if options.output is not None:
            write(rows, options.output)
        show(rows)
        if any(row["error"] for row in rows):
            raise SystemExit(FAILED)


def predict(
    paths: list[str],
    *,
    model: Path,
    reference: Path | None,
    scale: str | None = None,
    coverage: float = 0.9,
    pixel_limit: int | None = None,
) -> list[dict[str, Any]]:
    """Score files, the images in folders, and what globs match; a file that cannot be scored keeps its row.

    Returns:
        Rows of ``image``, ``score``, ``score_raw``, ``scale``, ``low`` and ``high`` as in ``ImageScore``, and ``error``
        (empty where scored; the others are None where not).

    Raises:
        ConfigError: no scale of that name, or a pixel limit that ``read_image`` refuses.
        ImageError: a path that names nothing, or a reference that cannot be read.
        ModelFolderError: no model there, or it cannot score so.
    """
    files = found_files(paths)
    from rich.progress import track

    from ksiqa.data.image_checks import PIXEL_LIMIT
    from ksiqa.inference.given_image import pixels_of
    from ksiqa.inference.scoring import load

    scorer = load(model)
    limit = PIXEL_LIMIT if pixel_limit is None else pixel_limit
    wanted = None if reference is None else pixels_of(reference, pixel_limit=limit)
    settings = {"reference": wanted, "scale": scale, "coverage": coverage, "pixel_limit": limit}
    return [_row(scorer, file, settings) for file in track(files, description="scoring", transient=True)]


def found_files(paths: list[str]) -> list[Path]:
    """Return the image files that paths, folders (with all below them) and globs name, in order, each once."""
    from glob import glob, has_magic

    from ksiqa.data.image_file import images_in
    from ksiqa.errors import ImageError

    files: dict[Path, None] = {}
    for text in paths:
        path = Path(text).expanduser()
        if path.is_dir():
            found = images_in(path)
        elif path.exists() or not has_magic(text):  # a file that is not there gets a row that says so
            found = [path]
        else:
            found = sorted(Path(one) for one in glob(str(path), recursive=True) if Path(one).is_file())  # noqa: PTH207
        if not found:
            raise ImageError(
                found=f"{text}, which names no image",
                expected="a file, a folder of images, or a pattern that matches some",
                do="look at the path; a pattern wants quotes in a shell",
            )
        files.update(dict.fromkeys(found))
    return list(files)


def check_output(path: Path | None) -> None:
    """Refuse, before any work, an output that could not be written at its end.

    Raises:
        ConfigError: another ending than .csv or .jsonl, or a folder that is not there.
    """
    from ksiqa.errors import ConfigError

    if path is not None and path.suffix not in (".csv", ".jsonl"):
        raise ConfigError(
            found=f"--output {path}", expected="a name that ends in .csv or .jsonl", do="name it scores.csv"
        )
    if path is not None and not path.parent.is_dir():
        raise ConfigError(
            found=f"no folder {path.parent}", expected="a folder for the scores that is there", do="make it first"
        )


def write(rows: list[dict[str, Any]], path: Path) -> None:
    """Write rows as CSV or, where the name ends in .jsonl, as JSON lines."""
    import csv
    import json

    from ksiqa.files import write_whole

    with write_whole(path) as file:
        if path.suffix == ".jsonl":
            file.writelines(json.dumps(row) + "\n" for row in rows)
        else:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def show(rows: list[dict[str, Any]]) -> None:
    """Print a table."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from ksiqa.errors import printable

    table = Table()
    table.add_column("image", overflow="fold")  # whole, to copy from
    columns = ["score", "raw score", "scale", "interval", "error"]
    if all(row["low"] is None for row in rows):  # the model has none
        columns.remove("interval")
    for name in columns:
        table.add_column(name, justify="right" if "score" in name else "left")
    for row in rows:
        told = {"error": row["error"]}
        if not row["error"]:
            told |= {"score": f"{row['score']:.4f}", "raw score": f"{row['score_raw']:.2f}", "scale": row["scale"]}
            told["interval"] = "" if row["low"] is None else f"{row['low']:.2f} to {row['high']:.2f}"
        table.add_row(*(escape(printable(text)) for text in (row["image"], *(told.get(name, "") for name in columns))))
    Console().print(table)


def _row(scorer: "Scorer", file: Path, settings: dict[str, Any]) -> dict[str, Any]:
    from ksiqa.errors import ImageError

    try:
        scored: Any = scorer.score(file, **settings)
    except ImageError as error:
        return {"image": str(file), **dict.fromkeys(SCORED), "error": f"{error.found}; {error.do}"}
    return {"image": str(file), **{name: getattr(scored, name) for name in SCORED}, "error": ""}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ksiqa predict", description="Score photographs with a trained model.")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files, folders or patterns")
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="the model/ folder of a run")
    parser.add_argument("--reference", type=Path, help="score against this image, by the teacher")
    parser.add_argument("--scale", metavar="NAME", help="set on whose scale to score, of those the model learned from")
    parser.add_argument("--coverage", type=float, default=0.9, metavar="P", help="of the interval low to high (0.9)")
    parser.add_argument("--pixel-limit", type=int, metavar="N", help="refuse larger images (default: 178956970 pixels)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write scores as .csv or .jsonl")
    return parser


if __name__ == "__main__":
    main()
