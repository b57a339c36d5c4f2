"""Files that are written whole or not at all, and folders that one process alone works in."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from ksiqa.errors import FolderInUseError

LOCK = ".lock"


@contextmanager
def write_whole(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file beside ``path`` and put it in its place once all is written and on disk.

    A reader sees the old file or the new one, never a part; an error leaves the old one as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open(mode, newline=None if "b" in mode else "") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder. The lock ends with this process, however that ends.

    Raises:
        FolderInUseError: another process is in it.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise FolderInUseError(
            found=str(folder),
            expected="a folder that no other process is at work in",
            do="wait for that process, or end it",
        ) from error
    try:
        yield
    finally:
        lock.release()


def wait_for(folder: Path) -> None:
    """Wait until no process is at work in a folder."""
    with FileLock(folder / LOCK):
        pass
