"""``python -m ksiqa.export --model DIR --format onnx --output FILE``: a trained model for other programs."""

import argparse
import sys
from pathlib import Path

from ksiqa.command import errors_as_text
from ksiqa.usage import flags_parser

ENDINGS = {"onnx": ".onnx", "torch": ".pt2"}


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    with errors_as_text():
        options = options_parser().parse_args(sys.argv[1:] if arguments is None else arguments)
        largest = export(options.model, options.output, form=options.format, full_reference=options.full_reference)
        sys.stdout.write(f"{options.output}: differs from the model by {largest:.1e} at most\n")


def export(model: Path | str | None, output: Path, *, form: str, full_reference: bool = False) -> float:
    """Write a model as one file and return by how much its results differ from the model's own at most.

    The file is opened and compared before it is written; ``docs/export.md`` says what it takes and gives.

    Args:
        model: its folder, ``owner/name`` of the hub, or None for the model of the package.
        output: the file.
        form: ``onnx`` or ``torch`` (of torch.export).
        full_reference: the teacher, with the reference as the second input; else the student.

    Raises:
        ConfigError: no such form, a name that ends otherwise, no folder for it, or ``ksiqa[onnx]`` is not installed.
        ExportError: the results differ by more than 1e-4.
        ModelFolderError: no model there, or it cannot score so.
        StorageError: the file cannot be written.
    """
    check_output(output, form=form)
    from contextlib import nullcontext

    from rich.console import Console

    from ksiqa.files import write_whole
    from ksiqa.inference.exporting import exported
    from ksiqa.inference.found_model import model_folder
    from ksiqa.inference.model_folder import load_model

    trained, console = load_model(model_folder(model)), Console(stderr=True)
    with console.status("exporting, and comparing with the model") if console.is_terminal else nullcontext():
        made = exported(trained, form=form, full_reference=full_reference)
    with write_whole(output, "wb") as file:
        file.write(made.content)
    return made.largest_difference


def check_output(path: Path, *, form: str) -> None:
    """Refuse, before any work, an output that could not be written at its end.

    Raises:
        ConfigError: no such form, another ending than the form's, or a folder that is not there.
        StorageError: a folder has that name.
    """
    import errno

    from ksiqa.errors import ConfigError, choice
    from ksiqa.files import storage_error

    ending = ENDINGS[choice(form, allowed=ENDINGS, name="--format")]
    if path.suffix != ending:
        raise ConfigError(
            found=f"--output {path}", expected=f"a name that ends in {ending}", do=f"name it {path.stem}{ending}"
        )
    if not path.parent.is_dir():
        raise ConfigError(
            found=f"no folder {path.parent}", expected="a folder for the file that is there", do="make it first"
        )
    if path.is_dir() and (said := storage_error(IsADirectoryError(errno.EISDIR, "", str(path)))) is not None:
        raise said


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's flags."""
    parser = flags_parser("export", meaning="Write a trained model as one file for programs without ksiqa.")
    parser.add_argument(
        "--model", metavar="DIR", help="a run, its model/ folder, or owner/name of the hub; default: the package's own"
    )
    parser.add_argument("--format", required=True, metavar="onnx|torch", help="ONNX, or torch.export's .pt2")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="ends in .onnx or .pt2")
    parser.add_argument("--full-reference", action="store_true", help="the teacher: an image and its reference")
    return parser


if __name__ == "__main__":
    main()
