"""Reads what an offline run of W&B left: its .wandb file, a log in LevelDB's format of W&B's own messages."""

import json
import struct
import time
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

HEADER, BLOCK, RECORD = 7, 32768, 7  # bytes: of the file, of a block, and before each part of a record
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


class Read(NamedTuple):
    """What the file holds."""

    run: Any  # W&B's RunRecord
    history: dict[int, dict[str, Any]]  # by step
    summary: dict[str, Any]
    artifacts: dict[str, dict[str, Path]]  # by name, and by their paths within, the files that are to be uploaded
    status: int | None  # of the end; None where there is none


def wandb_folders(folder: Path) -> list[Path]:
    """Return the folders of a run's offline runs in the order of their starts."""
    return sorted((folder / "wandb").glob("offline-run-*"))


def read(folder: Path) -> Read:
    """Read the one .wandb file of an offline run's folder, once W&B's process has written its end, which on a busy
    machine takes a while; after half a minute, as it is."""
    late = time.monotonic() + 30
    while True:
        found = _read(folder)
        if found.status is not None or time.monotonic() > late:
            return found
        time.sleep(0.1)


def _read(folder: Path) -> Read:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from wandb.proto import wandb_internal_pb2
    (file,) = folder.glob("*.wandb")
    history: dict[int, dict[str, Any]] = {}
    summary: dict[str, Any] = {}
    artifacts: dict[str, dict[str, Path]] = {}
    run, status = None, None
    for data in _records(file.read_bytes()):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        kind = record.WhichOneof("record_type")
        if kind == "run":
            run = record.run
        elif kind == "history":
            found = {_key(one): json.loads(one.value_json) for one in record.history.item}
            history.setdefault(int(found["_step"]), {}).update(found)
        elif kind == "summary":
            summary |= {_key(one): json.loads(one.value_json) for one in record.summary.update}
        elif kind == "artifact":
            files = {one.path: Path(one.local_path) for one in record.artifact.manifest.contents}
            artifacts.setdefault(record.artifact.name, {}).update(files)
        elif kind == "exit":
            status = record.exit.exit_code
    return Read(run, history, summary, artifacts, status)


def table(folder: Path, value: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a table that the history names, from its file."""
    found = json.loads((folder / "files" / value["path"]).read_text())
    return [dict(zip(found["columns"], row, strict=True)) for row in found["data"]]


def _key(item: Any) -> str:
    return str(item.key or "/".join(item.nested_key))


def _records(content: bytes) -> Iterator[bytes]:
    assert content[:4] == b":W&B"
    at, parts = HEADER, b""
    while len(content) - at >= RECORD:
        left = BLOCK - at % BLOCK
        if left < RECORD:
            at += left
            continue
        checksum, length, kind = struct.unpack_from("<IHB", content, at)
        part = content[at + RECORD : at + RECORD + length]
        if len(part) < length:  # is being written
            return
        assert _is_sum_of(checksum, bytes([kind]) + part)
        parts = part if kind in (FULL, FIRST) else parts + part
        if kind in (FULL, LAST):
            yield parts
        at += RECORD + length


def _is_sum_of(checksum: int, data: bytes) -> bool:
    return checksum == zlib.crc32(data)
