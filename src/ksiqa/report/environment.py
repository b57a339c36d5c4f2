"""environment.json: under what a run was started, each time; and the command that repeats it."""

import json
import platform
import shlex
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from secrets import token_hex
from typing import Any

import torch

from ksiqa.files import write_whole
from ksiqa.processor import processor
from ksiqa.provenance import provenance


def note_start(folder: Path) -> None:
    """Add this start to the folder's environment.json: one entry, or more where a run was cut off and went on."""
    file = folder / "environment.json"
    earlier = json.loads(file.read_text()) if file.exists() else []
    with write_whole(file) as opened:
        json.dump([*earlier, environment()], opened, indent=2)


def environment() -> dict[str, Any]:
    """Return an id of this start alone, the time, code, Python, machine and every installed package's version."""
    return {
        "id": token_hex(8),  # of the system: no random state of the run is touched
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        **provenance(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "gpus": [torch.cuda.get_device_name(one) for one in range(torch.cuda.device_count())],
        "packages": dict(packages()),
    }


@cache  # a sweep's runs are of one process; reading them all takes a third of a second
def packages() -> tuple[tuple[str, str], ...]:
    """Return every installed package's name and version, in the order of names."""
    found = {one.metadata["Name"]: one.version for one in distributions()}
    return tuple(sorted(found.items(), key=lambda item: item[0].lower()))


def repeating(folder: Path) -> str:
    """Return a command that repeats the run, in a new folder. It starts where the run did: a config's paths may be
    relative to that place."""
    here, run = (shlex.quote(str(path)) for path in (Path.cwd(), folder.absolute()))
    return f"cd {here} && python -m ksiqa.train --config-dir {run} --config-name repeat"
