"""Rows of scores: their columns, and the files that hold them."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ksiqa.errors import ConfigError

Row = dict[str, Any]

NUMBERS = ("score", "nr_score", "score_raw", "low", "high")
MADE_BY = "made_by"  # of a kept row: which model, scale, coverage, dtype and reference; see ``Scoring.made_by``


def columns(*, with_reference: bool) -> tuple[str, ...]:
    """Return the columns of kept rows."""
    nr = ("nr_score",) if with_reference else ()
    return ("image", "score", *nr, "score_raw", "scale", "low", "high", "error", MADE_BY)


def row_name(path: str) -> str:
    r"""Return a path as text that any file can hold: bytes that are no UTF-8 are spelled ``\xff``."""
    return os.fsencode(path).decode(errors="backslashreplace")


@runtime_checkable
class Rows(Protocol):
    """A file, or a folder of parts, of rows."""

    path: Path

    def alone(self) -> AbstractContextManager[None]:
        """Keep other processes away; raises FolderInUseError where one is at work."""

    def read(self) -> Iterator[Row]:
        """Yield the rows, in their order; what a killed process left half-written is none.

        Raises:
            ConfigError: it holds something else.
        """

    def keep(self, wanted: Callable[[Row], bool]) -> None:
        """Leave out all rows but those wanted, and what is half-written."""

    def adding(self) -> AbstractContextManager[Callable[[Row], None]]:
        """Give a function that adds a row; what was added is kept however the block ends."""


def not_rows(path: Path, what: str) -> ConfigError:
    """Return the error of an output that is there and is none of this command's."""
    return ConfigError(
        found=f"{path}: {what}",
        expected="no such file, or the rows of an earlier scoring to go on with",
        do="choose another --output, or move what is there away",
    )
