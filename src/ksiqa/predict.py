"""``python -m ksiqa.predict PATH... --model DIR``: score photographs."""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ksiqa.command import errors_as_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from ksiqa.data.transform import Pixels
    from ksiqa.inference.model_folder import TrainedModel

FAILED = 1  # exit status where a file could not be scored; 2 is a command that could not be run


def main(arguments: list[str] | None = None) -> None:
    """Run the command; the exit status is 1 where a file could not be scored."""
    with errors_as_text():
        options = _parser().parse_args(sys.argv[1:] if arguments is None else arguments)
        check_output(options.output)
        named = {name: getattr(options, name) for name in ("model", "reference", "scale", "pixel_limit")}
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
    pixel_limit: int | None = None,
) -> list[dict[str, Any]]:
    """Score files, the images in folders, and what globs match; a file that cannot be scored keeps its row.

    Returns:
        Rows of ``image``, ``score`` in [0, 1], ``score_raw`` on its raw scale, ``scale`` (the set whose scale both are
        on), ``error`` (empty where scored; the others are None where not).

    Raises:
        ConfigError: no scale of that name, or a pixel limit that ``read_image`` refuses.
        ImageError: a path that names nothing, or a reference that cannot be read.
        ModelFolderError: no model there, or it cannot score so.
    """
    files = found_files(paths)
    from rich.progress import track

    from ksiqa.data.image_file import read_image
    from ksiqa.inference.model_folder import load_model

    read = read_image if pixel_limit is None else partial(read_image, pixel_limit=pixel_limit)
    trained = load_model(model)
    wanted = None if reference is None else read(reference)
    return [_row(trained, file, read, wanted, scale) for file in track(files, description="scoring", transient=True)]


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
    for name in ("score", "raw score", "scale", "error"):
        table.add_column(name, justify="right" if "score" in name else "left")
    for row in rows:
        numbers = ("", "", "") if row["error"] else (f"{row['score']:.4f}", f"{row['score_raw']:.2f}", row["scale"])
        table.add_row(*(escape(printable(text)) for text in (row["image"], *numbers, row["error"])))
    Console().print(table)


def _row(
    trained: "TrainedModel", file: Path, read: "Callable[[Path], Pixels]", reference: "Pixels | None", scale: str | None
) -> dict[str, Any]:
    from ksiqa.errors import ImageError
    from ksiqa.inference.scoring import score_image

    try:
        scored = score_image(trained, read(file), reference, scale=scale)
    except ImageError as error:
        nothing = dict.fromkeys(("score", "score_raw", "scale"))
        return {"image": str(file), **nothing, "error": f"{error.found}; {error.do}"}
    return {"image": str(file), **scored._asdict(), "error": ""}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ksiqa predict", description="Score photographs with a trained model.")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files, folders or patterns")
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="the model/ folder of a run")
    parser.add_argument("--reference", type=Path, help="score against this image, by the teacher")
    parser.add_argument("--scale", metavar="NAME", help="set on whose scale to score, of those the model learned from")
    parser.add_argument("--pixel-limit", type=int, metavar="N", help="refuse larger images (default: 178956970 pixels)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write scores as .csv or .jsonl")
    return parser


if __name__ == "__main__":
    main()
