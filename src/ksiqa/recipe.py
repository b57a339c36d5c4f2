"""The recipe of a run: all of its config but which split and which seed. Runs of one recipe are one row of a table."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

OF_THE_RUN = ("split.index", "seed")


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
    return {key: value for key, value in flat(config).items() if key not in OF_THE_RUN}


def fingerprint(config: Mapping[str, Any]) -> str:
    """Return twelve characters that are the same for two resolved configs if their recipes are."""
    text = json.dumps(recipe(config), sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:12]
