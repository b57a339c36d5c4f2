"""The recipe of a run: all of its config but which split, which seed, and what concerns the machine alone.

Runs of one recipe are one row of a table.
"""

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Any

OF_THE_RUN = ("split.index", "seed")
LEFT_OUT = (
    *OF_THE_RUN,
    "init.folder",  # the digest of its weights counts
    *("cache", "*.cache", "*.workers", "*.keep_in_memory"),  # of the machine, as the following
    *("*.on_bad_image", "*.pixel_limit"),  # what they left out is counted
    *("strategy.channels_last", "strategy.fused", "strategy.compile", "report.from_features"),  # rounding alone
    *("trainer.enable_progress_bar", "logger", "logger.*", "checkpoint.*"),
)
AS_BEFORE = {
    "sharing.student_share": 1.0,
    "model.students": 1,
}  # keys that came later, by the value that all runs had before
FILES = ("*.root", "*.folder", "*.file", "backbone.*.weights")  # whose names count, not where they lie


def flat(nested: Mapping[str, Any], *, prefix: str = "") -> dict[str, Any]:
    """Return a nested mapping with dotted keys (``split.index``); lists and empty mappings stay values."""
    found: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping) and value:
            found |= flat(value, prefix=f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def recipe(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resolved config's recipe, with dotted keys."""
    settings = {key: value for key, value in flat(config).items() if not _one_of(LEFT_OUT, key)}
    unread = [key for key, value in AS_BEFORE.items() if settings.get(key) == value]
    unread += ["model.damage"] if not settings.get("model.damage_weight") else []
    settings = {key: value for key, value in settings.items() if key not in unread}
    return {
        key: Path(value).name if isinstance(value, str) and _one_of(FILES, key) else value
        for key, value in settings.items()
    }


def fingerprint(config: Mapping[str, Any]) -> str:
    """Return twelve characters that are the same for two resolved configs if their recipes are."""
    text = json.dumps(recipe(config), sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:12]


def _one_of(patterns: Sequence[str], key: str) -> bool:
    return any(fnmatchcase(key, pattern) for pattern in patterns)
