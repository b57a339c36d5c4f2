"""Which code runs: version and commit."""

import subprocess
from functools import cache
from pathlib import Path

from ksiqa import __version__


@cache
def provenance() -> dict[str, str | bool | None]:
    """Return version, commit, and whether the code was changed since (``dirty``); the last two are None where the code
    does not lie in a checkout, or there is no git."""
    commit = _git("log", "-1", "--format=%H", "--", ".")
    dirty = bool(_git("status", "--porcelain", "--", ".")) if commit else None
    return {"version": __version__, "commit": commit or None, "dirty": dirty}


def _git(*words: str) -> str:
    here = Path(__file__).resolve().parent
    try:
        return subprocess.run(
            ["git", "-C", str(here), *words], capture_output=True, text=True, check=False
        ).stdout.strip()
    except FileNotFoundError:
        return ""
