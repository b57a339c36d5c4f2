"""The files that a command line names: one by one, by folder, by pattern, or by a list on standard input."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path

from ksiqa.data.image_file import SUFFIXES
from ksiqa.errors import ImageError
from ksiqa.files import at_home

LISTED = "-"  # stands for a list on standard input


def found_files(paths: Sequence[str], *, leave_out: Path | None = None) -> dict[str, str]:
    """Return the image files that paths name, in order, each once, with the folder from which each was found.

    A folder names all images below it, in the order of their names; ``-`` what standard input lists, a line each or,
    where it holds a zero byte, between these. Where a name is a file's, it is no pattern. What lies below the folder
    ``leave_out``, of maps, is no photograph.

    Raises:
        ImageError: a URL, or what names no image. A file that is not there is no error here: its row will say so.
        OSError: a folder that cannot be read.
    """
    files: dict[str, str] = {}
    maps = None if leave_out is None else os.path.join(os.path.abspath(leave_out), "")  # noqa: PTH100, PTH118  (as text)
    for text in _without_urls(paths):
        found = False
        for path, folder in _listed() if text == LISTED else _named(text, patterns=True):
            if maps is not None and os.path.abspath(path).startswith(maps):  # noqa: PTH100
                continue
            found = True
            files.setdefault(path, folder)
        if not found:
            raise ImageError(
                found=f"{'a list on standard input' if text == LISTED else text}, which names no image",
                expected="a file, a folder of images, or a pattern that matches some",
                do="look at the path; a pattern wants quotes in a shell",
            )
    return files


def _without_urls(paths: Iterable[str]) -> list[str]:
    listed = list(paths)
    for text in listed:
        if "://" in text:
            raise ImageError(
                found=f"the address {text}", expected="files on this machine", do="download it first, and name the file"
            )
    return listed


def _listed() -> Iterator[tuple[str, str]]:
    content = sys.stdin.buffer.read()
    names = content.split(b"\0") if b"\0" in content else content.splitlines()
    for text in _without_urls(os.fsdecode(name) for name in names if name):
        yield from _named(text, patterns=False)


def _named(text: str, *, patterns: bool) -> Iterator[tuple[str, str]]:
    """Yield what one name stands for, with the folder."""
    path = at_home(text)
    if path.is_dir():
        yield from ((found, str(path)) for found in _below(str(path)))
    elif path.exists() or not (patterns and has_magic(text)):
        yield str(path), str(path.parent)
    else:
        fixed = path.parents[next(place for place, one in enumerate(path.parents) if not has_magic(str(one)))]
        found_at = glob(str(path), recursive=True)  # noqa: PTH207  (a Path for each would be large)
        for found in sorted(found_at, key=lambda name: Path(name).parts):
            if Path(found).is_file():
                yield found, str(fixed)


def _below(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path)
        elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
            yield entry.path.removeprefix("./")  # as it is named by itself
