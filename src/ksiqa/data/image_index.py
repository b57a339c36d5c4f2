"""What is known of a set's files, and where their decoded pixels lie: an SQLite index beside one file of pixels.

Several processes may write at once. One that is killed loses what it had not committed, and nothing of the others:
pixels are on disk before the index names their place, and no place is used twice.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from ksiqa.data.known_file import Known, Look, Stamp
from ksiqa.data.likeness import SIDE
from ksiqa.errors import DatasetError, StorageError

WAIT = 600.0  # seconds that a process waits for others to write some dozens of images
OF_STORAGE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)
COLUMNS = "name, length, mtime_ns, height, width, of_bytes, of_pixels, kept_height, kept_width, place"


class ImageIndex:
    """The index in a folder.

    Every method raises DatasetError where the index is damaged, StorageError where it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self._file, self.pixels = folder, folder / "index.sqlite", folder / "pixels.bin"

    def create(self) -> None:
        """Make an index where there is none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pixels.touch()
        with self._opened() as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute(
                "CREATE TABLE IF NOT EXISTS image (name TEXT PRIMARY KEY, length INT, mtime_ns INT, height INT,"
                " width INT, of_bytes TEXT, of_pixels TEXT, kept_height INT, kept_width INT, place INT, thumbnail BLOB)"
            )
            database.execute("CREATE TABLE IF NOT EXISTS space (used INT)")
            database.execute("INSERT INTO space SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM space)")
            database.execute("COMMIT")

    def known(self) -> dict[str, Known]:
        """Return all that is known, by name; nothing where there is no index."""
        if not self._file.exists():
            return {}
        with self._opened() as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'image'").fetchall():
                return {}  # another process is just creating it
            rows = database.execute(f"SELECT {COLUMNS} FROM image").fetchall()
        return {row[0]: Known(row[0], Stamp(row[1], row[2]), *row[3:]) for row in rows}

    def thumbnails(self, names: Sequence[str]) -> UInt8[ndarray, "names 96 96"]:
        """Return the thumbnails of known files."""
        with self._opened() as database:
            found = [
                database.execute("SELECT thumbnail FROM image WHERE name = ?", (name,)).fetchone() for name in names
            ]
        return np.frombuffer(b"".join(row[0] for row in found), dtype=np.uint8).reshape(len(names), SIDE, SIDE)

    def used(self) -> int:
        """Return the bytes that pixels take, those of changed images included."""
        with self._opened() as database:
            return _used(database)

    def add(self, looks: Iterable[Look], *, limit: int) -> None:
        """Add files, with their pixels as long as all of them take ``limit`` bytes at most."""
        with self._opened() as database, self.pixels.open("r+b") as file:
            database.execute("BEGIN IMMEDIATE")  # other processes wait here until COMMIT
            used = _used(database)
            for known, thumbnail, pixels in looks:
                if _has(database, known, with_pixels=pixels is not None):
                    continue  # another process was faster
                place = None
                if pixels is not None and used + known.length <= limit:
                    place, used = used, used + known.length
                    file.seek(place)
                    file.write(pixels.tobytes())
                row = (known.name, *known.stamp, *known[2:-1], place, thumbnail.tobytes())
                database.execute(f"INSERT OR REPLACE INTO image VALUES ({', '.join('?' * len(row))})", row)
            file.flush()
            os.fsync(file.fileno())
            database.execute("UPDATE space SET used = ?", (used,))
            database.execute("COMMIT")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._file, timeout=WAIT, isolation_level=None)) as database:
                yield database
        except sqlite3.DatabaseError as error:
            if (getattr(error, "sqlite_errorcode", 0) & 0xFF) in OF_STORAGE:
                raise StorageError(
                    found=f"{self._file}: {error}",
                    expected="a folder with room, that can be written to",
                    do="make room or get the right to write there, or set cache=FOLDER to another one",
                ) from error
            raise DatasetError(
                found=f"{self._file}: {error}",
                expected="an index that ksiqa prepare wrote, in a folder that can be written",
                do=f"delete the folder {self.folder}; ksiqa prepare makes it anew",
            ) from error


def _used(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT used FROM space").fetchone()[0])


def _has(database: sqlite3.Connection, one: Known, *, with_pixels: bool) -> bool:
    query = "SELECT place FROM image WHERE name = ? AND length = ? AND mtime_ns = ?"
    row = database.execute(query, (one.name, *one.stamp)).fetchone()
    return row is not None and (row[0] is not None or not with_pixels)
