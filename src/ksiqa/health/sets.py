"""The released datasets: whether they are where they are said to be, whole, and prepared."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from ksiqa.errors import DatasetError
from ksiqa.files import at_home
from ksiqa.health.finding import Finding
from ksiqa.names import conf_folder


def sets(told: Mapping[str, Path]) -> Iterator[Finding]:
    """Say of each released set what is there of it.

    Args:
        told: folders by names of sets; of the others the environment's (``KSIQA_LIVEC``) count.
    """
    from ksiqa.data.datasets import DATASETS  # pandas takes a second

    for name, reader in DATASETS.items():
        variable = f"KSIQA_{name.upper()}"
        root = told.get(name) or (at_home(os.environ[variable]) if os.environ.get(variable) else None)
        facts = reader.FACTS
        if root is None:
            mend = f"export {variable}=FOLDER  # unpacked from {facts.home_page}"
            yield Finding("datasets", name, "lacking", "no folder told", mend)
            continue
        try:
            table = reader.read(root, allow_missing=True)
        except DatasetError as error:
            yield Finding("datasets", name, "broken", error.found, error.do)
            continue
        missing = table.missing + table.unlisted
        text = f"{root}: labels read, {len(table):,} of {len(table) + missing:,} images there"
        if table.missing_references:
            text += f", {table.missing_references} references missing"
        if missing or table.missing_references:
            mend = f"get the rest from {facts.home_page}, or train on what is there: data.allow_missing=true"
            yield Finding("datasets", name, "broken", text, mend)
        else:
            prepared = _prepared(name, table.files)
            mend = "" if prepared else f"ksiqa prepare data={name} data.root={root}"
            state = "decoded images are kept" if prepared else "not prepared"
            yield Finding("datasets", name, "good", f"{text}; {state}", mend)


def _prepared(name: str, files: list[str]) -> bool:
    """Tell whether ``ksiqa prepare`` has been there, with the short side of the set's own config."""
    from ksiqa.data.image_cache import cache_folder

    config = yaml.safe_load((conf_folder() / "data" / f"{name}.yaml").read_text(encoding="utf-8"))
    cache = at_home(os.environ.get("KSIQA_CACHE", "~/.cache/ksiqa"))
    folder = cache_folder(files, name=name, short_side=config.get("short_side"), cache=cache)
    return (folder / "index.sqlite").exists()
