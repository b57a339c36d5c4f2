"""Names of groups: what their recipes are called, and the fewest other settings that tell them apart."""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from pathlib import PurePath
from typing import Any

from ksiqa.errors import ConfigError
from ksiqa.report.table.run import Run

FILE = re.compile(r"/[^/]*\.(safetensors|pth|pt|ckpt|bin|csv|json|yaml)$")  # a path, and no owner/name of a hub
SPEAKING = ("variant", "name")  # settings whose values name a recipe by themselves


def labels(groups: Sequence[Sequence[Run]], *, keys: Sequence[str] | None) -> list[str]:
    """Return a name for each group of runs; groups of one set never share one.

    Args:
        groups: runs of one recipe each.
        keys: settings to name them by; None takes those that tell all groups of a set apart (see ``telling``).

    Raises:
        ConfigError: a key that no run has.
    """
    if keys is None:
        keys = telling(groups)
    unknown = [key for key in keys if not any(key in group[0].settings for group in groups)]
    if unknown:
        known = sorted({key for group in groups for key in group[0].settings})
        raise ConfigError(
            found=f"--label {unknown[0]}",
            expected=f"a setting of the runs, such as {', '.join(known[:8]) or 'none: they have no config'}",
            do="look it up in a run's config.yaml",
        )
    names = [_name(group, keys) for group in groups]
    data = [group[0].results["data"] for group in groups]
    taken: dict[tuple[Any, str], set[str]] = defaultdict(set)
    for where, name, group in zip(data, names, groups, strict=True):
        taken[where, name].add(group[0].recipe)
    return [
        name if len(taken[where, name]) == 1 else f"{name} ({group[0].recipe[:6]})"
        for where, name, group in zip(data, names, groups, strict=True)
    ]


def telling(groups: Sequence[Sequence[Run]]) -> list[str]:
    """Return settings that together tell all recipes of a set apart: the names of recipes where they differ, then each
    time the setting that parts the most pairs."""
    pairs = [
        (one[0], other[0])
        for one, other in combinations(groups, 2)
        if one[0].results["data"] == other[0].results["data"] and one[0].recipe != other[0].recipe
    ]
    candidates = sorted({key for pair in pairs for run in pair for key in run.settings}, key=rank)
    chosen: list[str] = []
    while pairs:
        parted = {key: sum(_differ(pair, key) for pair in pairs) for key in candidates}
        parted = {key: parted[key] for key in SPEAKING if parted.get(key)} or parted
        best = max(parted, key=lambda key: parted[key], default=None)  # the first of equals
        if best is None or not parted[best]:
            break  # recipes that are known by their fingerprint alone
        chosen.append(best)
        pairs = [pair for pair in pairs if not _differ(pair, best)]
    return chosen


def _differ(pair: tuple[Run, Run], key: str) -> bool:
    return bool(pair[0].settings.get(key) != pair[1].settings.get(key))


def rank(key: str) -> tuple[bool, bool, int, str]:
    """Names first, places of files last, shallow settings before deep ones."""
    return (key not in SPEAKING, is_place(key), key.count("."), key)


def is_place(key: str) -> bool:
    """Tell whether a setting says where something lies on a machine."""
    return key.rpartition(".")[2] in ("root", "file", "folder", "cache", "save_dir")


def shown(value: Any) -> str:
    """Return a setting's value as tables and pages show it: of a path its last part alone (not of a hub's
    ``owner/name``, which has no ending of a file)."""
    is_path = isinstance(value, str) and (value.startswith(("/", "~", ".")) or FILE.search(value))
    return PurePath(value).name if is_path else str(value)


def _model_name(checkpoint: str) -> str:
    """Return what a model is called that no run here has trained: a folder by its name, or that of its run."""
    path = PurePath(checkpoint)
    return (path.parent.name if path.name == "model" else path.name) if path.is_absolute() else checkpoint


def _name(group: Sequence[Run], keys: Sequence[str]) -> str:
    run = group[0]
    values = [
        str(run.settings[key]) if key in SPEAKING else f"{key}={shown(run.settings[key])}"
        for key in sorted(keys, key=rank)
        if run.settings.get(key) is not None
    ]
    variant, checkpoint = run.settings.get("variant") or run.results.get("variant"), run.results.get("checkpoint")
    if not values and variant:
        values = [str(variant)]
    elif not values and checkpoint is not None and not run.settings:  # no run that is here: the package's, or a hub's
        values = [_model_name(str(checkpoint))]
    elif not values:
        kind = [run.results.get(key, run.results.get(f"trained.{key}")) for key in ("model", "sharing")]
        values = [", ".join(str(one) for one in kind if one not in (None, "none")) or "model"]
    return ", ".join([*values, *(["evaluated"] if all(one.evaluated for one in group) else [])])
