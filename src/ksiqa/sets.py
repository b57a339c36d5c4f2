"""The sets that a ``data`` node of a config names, one or those of a mix (``data=mix``), and their labels; no torch."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from inspect import signature

from omegaconf import DictConfig

from ksiqa.data.labels import photographs_of, released_labels, table_labels
from ksiqa.errors import ConfigError, KsiqaError

# What is common to all sets of a mix.
COMMON = [
    *("crop", "distinct_crops", "token_stride", "views", "batch_size", "by_content", "workers"),
    *("keep_in_memory", "on_bad_image", "pixel_limit"),
]
READERS: Mapping[str, Callable[..., object]] = {  # what of a source can be seen without its images
    "ksiqa.data.source.released": released_labels,
    "ksiqa.data.source.table": table_labels,
    "ksiqa.data.source.synthetic": photographs_of,
}


def check_labels(config: DictConfig) -> None:
    """Read the labels that a run will train on, before torch and the model load. What a variant changes is left to it.

    Raises:
        KsiqaError: a set is not as told.
    """
    changed = (config.get("variants") or {}).get(config.get("variant")) or {}
    if "data" not in changed:
        for name, node in set_nodes(config.data).items():
            with named(name, node):
                _read(node.source)
    if config.get("pairs") and not config.get("variants"):  # of which some leave pairs out
        _read(config.pairs.source)


def _read(source: DictConfig) -> None:
    reader = READERS.get(source["_target_"])  # of somebody's own source: none
    if reader is not None:
        reader(**{key: source[key] for key in signature(reader).parameters})


def set_nodes(node: DictConfig) -> dict[str, DictConfig]:
    """Return the nodes of a mix's sets that have a share, the largest first; of one set, its own under no name.

    Raises:
        ConfigError: no set has a share, or a value without meaning.
    """
    if "sets" not in node:
        return {"": node}
    unknown = [str(key) for key in node if key not in (*COMMON, "sets", "short_side")]
    if unknown or node.short_side is not None:
        key = unknown[0] if unknown else "short_side"
        raise ConfigError(
            found=f"data.{key} with data=mix",
            expected=f"a value of one set; common to all are {', '.join(COMMON)}",
            do=f"set data.sets.NAME.{key}",
        )
    for name, one in node.sets.items():
        _check_set(node, one, name=str(name))
    chosen = {str(name): one for name, one in node.sets.items() if one.share > 0}
    if not chosen:
        raise ConfigError(
            found="data=mix in which no set has a share",
            expected=f"a share above 0 for one of {', '.join(node.sets)}",
            do="set data.sets.NAME.share=1 and data.sets.NAME.root=FOLDER for each set",
        )
    return dict(sorted(chosen.items(), key=lambda item: -item[1].share))


@contextmanager
def named(name: str, one: DictConfig) -> Iterator[None]:
    """Say ``data.sets.NAME.root`` where a set's error says ``data.root``; of one set, under no name, it says so."""
    try:
        yield
    except KsiqaError as error:
        texts = {part: _keys_of(name, one, getattr(error, part)) for part in ("found", "expected", "do")}
        raise type(error)(**texts) from error


def _keys_of(name: str, one: DictConfig, text: str) -> str:
    return re.sub(rf"\bdata\.(?=(?:{'|'.join(map(str, one))})\b)", f"data.sets.{name}.", text) if name else text


def _check_set(node: DictConfig, one: DictConfig, *, name: str) -> None:
    if "source" not in one or "share" not in one:
        raise ConfigError(
            found=f"data.sets.{name}, which no config in conf/data describes",
            expected=f"one of {', '.join(key for key, known in node.sets.items() if 'source' in known)}",
            do="correct the name; conf/data/mix.yaml says how another set is added",
        )
    if not isinstance(one.share, int | float) or not 0 <= one.share < float("inf"):
        raise ConfigError(
            found=f"data.sets.{name}.share={one.share}",
            expected="a number, 0 or more",
            do=f"set data.sets.{name}.share=1",
        )
    own = [key for key in COMMON if key in one and one[key] != node[key]]
    if own and one.share:
        raise ConfigError(
            found=f"data.sets.{name}.{own[0]}={one[own[0]]} with data.{own[0]}={node[own[0]]}",
            expected=f"one {own[0]} for all sets of a mix",
            do=f"set data.{own[0]}",
        )
