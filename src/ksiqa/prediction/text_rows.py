"""Rows as CSV or JSON lines: a killed process leaves all that it scored, and at most half a line more."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import IO

from ksiqa.files import alone_with, storage_error, write_whole
from ksiqa.prediction.rows import NUMBERS, Row, not_rows


class TextRows:
    """Rows in a file that ends in .csv or .jsonl."""

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self.path, self.columns = path, columns
        self.is_csv = path.suffix == ".csv"
        self.head = self._line(dict(zip(columns, columns, strict=True))) if self.is_csv else ""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See ``Rows``."""
        with alone_with(self.path):
            yield

    def read(self) -> Iterator[Row]:
        """See ``Rows``."""
        if not self.path.exists():
            return
        with self.path.open(newline="\n") as file:  # a name may hold other ends of lines
            begun = self.head or '{"image": "'
            try:
                if not begun.startswith(file.read(len(begun))):  # what is shorter was cut off there
                    raise not_rows(self.path, "other columns than these scores have")
                file.seek(0)
                yield from self._rows(line for line in file if line.endswith("\n"))
            except (ValueError, TypeError, csv.Error) as error:
                if "unexpected end" not in str(error):  # within quotes: cut off there
                    raise not_rows(self.path, f"a row that is none ({error})") from error

    def keep(self, wanted: Callable[[Row], bool]) -> None:
        """See ``Rows``."""
        with write_whole(self.path) as file:
            file.write(self.head)
            file.writelines(self._line(row) for row in self.read() if wanted(row))

    @contextmanager
    def adding(self) -> Iterator[Callable[[Row], None]]:
        """See ``Rows``; each row is in the file when the function returns."""
        file = self.path.open("a", newline="")
        try:
            yield lambda row: self._add(file, row)
        finally:
            with suppress(OSError):  # after a row that found no room: its error is on its way
                file.close()

    def _add(self, file: IO[str], row: Row) -> None:
        try:
            file.write(self._line(row))
            file.flush()
        except OSError as error:
            error.filename = str(self.path)
            said = storage_error(error)
            if said is None:
                raise
            raise said from error

    def _rows(self, lines: Iterable[str]) -> Iterator[Row]:
        if not self.is_csv:
            for line in lines:
                row = json.loads(line)
                if tuple(row) != self.columns:
                    raise ValueError(f"it has {len(row)} values")
                yield row
            return
        for values in islice(csv.reader(lines, strict=True), 1, None):
            row = dict(zip(self.columns, values, strict=True))
            numbers = {name: float(row[name]) if row[name] else None for name in NUMBERS if name in row}
            yield {**row, **numbers, "scale": row["scale"] or None}

    def _line(self, row: Row) -> str:
        if not self.is_csv:
            return json.dumps({name: row[name] for name in self.columns}) + "\n"
        line = StringIO()
        csv.DictWriter(line, self.columns, lineterminator="\r\n").writerow(row)  # quotes what holds one of these
        return line.getvalue().removesuffix("\r\n") + "\n"
