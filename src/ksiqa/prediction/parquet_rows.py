"""Rows as Parquet, which cannot be added to: a folder of parts, each written whole, that is read as one table."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ksiqa.errors import ConfigError
from ksiqa.files import alone_in, write_whole
from ksiqa.prediction.rows import NUMBERS, Row, not_rows

if TYPE_CHECKING:
    import pyarrow

ROWS, SECONDS = 1000, 30.0  # of a part, at most: what a process that is killed loses


class ParquetRows:
    """Rows in ``NAME.parquet/part-RANK-NUMBER.parquet``; several processes write, each parts of its own rank."""

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self.path, self.columns = path, columns
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise ConfigError(
                found=f"--output {path}, and no package pyarrow",
                expected="the extra parquet installed",
                do="run pip install 'ksiqa[parquet]', or name the output .csv or .jsonl",
            ) from error
        if path.exists() and not path.is_dir():
            raise not_rows(path, "a file, where a folder of parts is written")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See ``Rows``."""
        self.path.mkdir(exist_ok=True)
        with alone_in(self.path):
            yield

    def read(self) -> Iterator[Row]:
        """See ``Rows``; rank by rank."""
        for file in self._parts():
            yield from self._rows(file)

    def keep(self, wanted: Callable[[Row], bool]) -> None:
        """See ``Rows``."""
        for file in self._parts():
            rows = self._rows(file)
            kept = [row for row in rows if wanted(row)]
            if not kept:
                file.unlink()
            elif len(kept) < len(rows):
                self._write(kept, file)

    @contextmanager
    def adding(self, rank: int = 0) -> Iterator[Callable[[Row], None]]:
        """See ``Rows``; a part is written when it has ``ROWS`` or is ``SECONDS`` old, the last one at the end."""
        held, begun = list[Row](), time.monotonic()
        known = [int(file.stem.rpartition("-")[2]) for file in self._parts(rank)]
        number = max(known, default=-1) + 1

        def write() -> None:
            nonlocal begun, number
            if held:
                self._write(held, self.path / f"part-{rank}-{number:06}.parquet")
                held.clear()  # at once: a signal that comes between would have them written twice
                number += 1
            begun = time.monotonic()

        def add(row: Row) -> None:
            held.append(row)
            if len(held) == ROWS or time.monotonic() - begun > SECONDS:
                write()

        try:
            yield add
        finally:
            write()

    def _parts(self, rank: int | str = "*") -> list[Path]:
        return sorted(self.path.glob(f"part-{rank}-*.parquet"))

    def _rows(self, file: Path) -> list[Row]:
        import pyarrow.parquet

        try:
            table = pyarrow.parquet.ParquetFile(file).read()
        except (pyarrow.ArrowException, OSError) as error:
            if getattr(error, "errno", None) is not None:  # the disk's, not the file's
                raise
            raise not_rows(file, "no Parquet that can be read") from error
        if not table.schema.equals(self._schema()):
            raise not_rows(file, "other columns than these scores have")
        rows: list[Row] = table.to_pylist()
        return rows

    def _write(self, rows: list[Row], path: Path) -> None:
        import pyarrow.parquet

        with write_whole(path, "wb") as file:
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=self._schema()), file)

    def _schema(self) -> "pyarrow.Schema":
        import pyarrow

        kinds = {name: pyarrow.float64() if name in NUMBERS else pyarrow.string() for name in self.columns}
        return pyarrow.schema(kinds)
