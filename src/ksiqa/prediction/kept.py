"""What an output holds already: which files are left to score, and which failed."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ksiqa.errors import ConfigError
from ksiqa.prediction.parquet_rows import ParquetRows
from ksiqa.prediction.rows import MADE_BY, Rows, columns, row_name
from ksiqa.prediction.text_rows import TextRows


def opened_rows(path: Path, *, with_reference: bool) -> Rows:
    """Open an output by its name."""
    names = columns(with_reference=with_reference)
    return ParquetRows(path, names) if path.suffix == ".parquet" else TextRows(path, names)


def start_of(files: Iterable[str], output: Path) -> str | None:
    """Return the folder that files' names start from, as seen from an output (the two may be moved together), or None
    where all names are whole: the same name in another folder is another image."""
    return None if all(map(os.path.isabs, files)) else os.path.relpath(Path.cwd(), output.absolute().parent)


def left_to_score(rows: Rows, files: Mapping[str, str], *, made_by: str) -> list[tuple[str, str]]:
    """Return the files that have no score yet; rows of theirs that tell an error are taken out, since it may be mended.

    Raises:
        ConfigError: the rows were made otherwise, or are no rows.
    """
    names = {row_name(path): path for path in files}
    scored, again = set[str](), set[str]()
    for row in rows.read():
        if row[MADE_BY] != made_by:
            raise ConfigError(
                found=f"{rows.path}, with rows that were scored otherwise ({row[MADE_BY]}; now {made_by})",
                expected="one model, --scale, --coverage, --dtype and --reference for all rows of an output, and one "
                "folder in which the command is given, where images' names start there",
                do="choose another --output, or repeat the command as it was",
            )
        if row["image"] in names:
            (again if row["error"] else scored).add(row["image"])
    rows.keep(lambda row: row["image"] not in again)
    return [(path, files[path]) for name, path in names.items() if name not in scored]


def failures(rows: Rows, files: Mapping[str, str]) -> int:
    """Count the files of which an output tells an error."""
    names = {row_name(path) for path in files}
    return sum(bool(row["error"]) and row["image"] in names for row in rows.read())
