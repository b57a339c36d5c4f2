"""Files that are written whole or not at all, and folders that one process alone works in."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from glob import escape
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from typing import IO, Any

from filelock import BaseFileLock, FileLock, Timeout

from ksiqa.errors import FolderInUseError, StorageError

LOCK = ".lock"
TEMPORARY = ".ksiqa-part"  # ending of a file that is being written
LONGEST = 200  # bytes of a name to which something is added; file systems allow 255
OF_STORAGE = {  # what the system says where nothing is wrong with what was to be written; and what mends it
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "make room, or choose another folder"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "get the right to write there, or choose another folder"),
    **dict.fromkeys((errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG), "choose another name"),
    **dict.fromkeys((errno.EIO, errno.ESTALE), "look at the disk or the network, or choose another folder"),
}


@contextmanager
def write_whole(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file beside ``path`` and put it in its place once all is written and on disk.

    A reader sees the old file or the new one, never a part; an error leaves the old one as it was.

    Raises:
        StorageError: it cannot be written there.
    """
    temporary = path.with_name(f".{_part_of(path)}.{token_hex(4)}{TEMPORARY}")  # of this write alone, on any machine
    try:
        with temporary.open(mode, newline=None if "b" in mode else "") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.filename in (None, str(temporary)):  # none is named where there is no room
            error.filename = str(path)
        gone = isinstance(error, FileNotFoundError) and not path.parent.is_dir()
        said = vanished(path.parent) if gone else storage_error(error)
        if said is None:
            raise
        raise said from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def storage_error(error: OSError) -> StorageError | None:
    """Return what to say where the system refuses to write (or to read, for want of a right); None for other errors."""
    if error.errno not in OF_STORAGE:
        return None
    return StorageError(
        found=f"{error.filename or 'a file'}: {os.strerror(error.errno)}",
        expected="a folder with room, that can be written to; what was written before is as it was",
        do=f"{OF_STORAGE[error.errno]}; then repeat the command (a training: with +resume=auto)",
    )


def vanished(folder: Path) -> StorageError:
    """Return what to say of a folder that is not there any more."""
    return StorageError(
        found=f"{folder}, which was removed while it was written to",
        expected="the folder as it was",
        do="bring it back and repeat the command with +resume=auto, or start anew in another folder",
    )


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder. The lock ends with this process, however that ends.

    Raises:
        FolderInUseError: another process is in it.
    """
    with _held(FileLock(folder / LOCK), folder):
        for part in folder.rglob(f".*{TEMPORARY}"):  # of a process that was killed: nobody else writes here
            part.unlink(missing_ok=True)
        yield


@contextmanager
def kept_if_begun(folder: Path, *, begun: str, own: Sequence[str]) -> Iterator[None]:
    """Of a folder that held nothing before, remove what is the block's ``own`` (files and folders), and the folder if
    it is empty then, where the block fails and has not come to write ``begun`` in it."""
    new = {one.name for one in folder.iterdir()} <= {LOCK}
    try:
        yield
    except BaseException:
        if new and not (folder / begun).exists():
            for name in (*own, LOCK):
                if (folder / name).is_dir():
                    rmtree(folder / name, ignore_errors=True)
                else:
                    (folder / name).unlink(missing_ok=True)
            with suppress(OSError):  # it holds something else
                folder.rmdir()
        raise


@contextmanager
def alone_with(file: Path) -> Iterator[None]:
    """Keep other processes from a file that is written bit by bit; see ``alone_in``."""
    with _held(FileLock(_lock_of(file)), file):
        for part in file.parent.glob(f".{escape(_part_of(file))}.*{TEMPORARY}"):
            part.unlink(missing_ok=True)
        yield


@contextmanager
def _held(lock: BaseFileLock, place: Path) -> Iterator[None]:
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise FolderInUseError(
            found=str(place),
            expected="a place that no other process is at work in",
            do="wait for that process, or end it",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _lock_of(file: Path) -> Path:
    return file.with_name(f".{_part_of(file)}{LOCK}")


def _part_of(file: Path) -> str:
    """Return a name for what belongs to a file: its own, or a digest of it where nothing could be added to that."""
    whole = os.fsencode(file.name)
    return file.name if len(whole) <= LONGEST else sha256(whole).hexdigest()


@contextmanager
def one_at_a_time(file: Path) -> Iterator[None]:
    """Let one process at a time read a file and write it anew; its folder is made where it is not there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(_lock_of(file)):
        yield


def wait_for(folder: Path) -> None:
    """Wait until no process is at work in a folder."""
    with FileLock(folder / LOCK):
        pass


def at_home(path: Path | str) -> Path:
    """Return a path with its ``~`` as the home that it means; that of a user who is not known stays as it is."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
