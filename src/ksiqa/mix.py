"""From the ``data`` node of a config to the sets that it names: one, or those of a mix (``data=mix``)."""

import re
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ksiqa import build
from ksiqa.data.datamodule import QualityData
from ksiqa.data.image_pairs import ScoringViews
from ksiqa.data.image_source import ImageSource
from ksiqa.data.mixed import Data, MixedData
from ksiqa.data.transform import smaller
from ksiqa.errors import ConfigError, KsiqaError
from ksiqa.inference.model_folder import TrainedModel

# What is common to all sets of a mix.
COMMON = [
    *("crop", "distinct_crops", "token_stride", "views", "batch_size", "by_content", "workers"),
    *("keep_in_memory", "on_bad_image", "pixel_limit"),
]


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


def image_sources(node: DictConfig) -> list[ImageSource]:
    """Build the images and labels of a ``data`` node's sets, each under its name in the mix.

    Raises:
        KsiqaError: a set is not as told; the text names its keys as they stand in the config.
    """
    return [_source(one, name=name) for name, one in set_nodes(node).items()]


def mixed_data(node: DictConfig, sources: list[ImageSource], *, split: DictConfig, seed: int, cell: int) -> Data:
    """Build the DataModules of a ``data`` node, every set split by the same rule."""
    nodes = set_nodes(node)
    sets = [
        build.quality_data(one, source=source, split=_split_of(split, name), seed=seed, cell=cell)
        for (name, one), source in zip(nodes.items(), sources, strict=True)
    ]
    return sets[0] if "" in nodes else MixedData(sets, shares=[one.share for one in nodes.values()])


def scored_sets(config: DictConfig, trained: TrainedModel) -> list[QualityData]:
    """Build the sets that a saved model is evaluated on, seen as the model was tested: its views, its short sides and
    its batches (kernels of another batch size round otherwise, in the last digits)."""
    return [
        _scored_set(one, name=name, split=config.split, trained=trained) for name, one in set_nodes(config.data).items()
    ]


def as_tested(
    source: ImageSource, *, node: DictConfig, split: DictConfig, views: ScoringViews, batch_size: int
) -> QualityData:
    """Build the data of a source, its ``data`` node and a ``split`` node, seen as a model is tested, but for the short
    side, which is the node's."""
    data = build.quality_data(node, source=source, split=split, seed=0, cell=views.cell, tested=views)
    data.batch_size = batch_size
    return data


def _scored_set(node: DictConfig, *, name: str, split: DictConfig, trained: TrainedModel) -> QualityData:
    own = name or OmegaConf.select(node, "source.name") or "table"
    side = trained.short_side_of(own)
    made = trained.training.get("pairs_made", {})  # made so again, they have the same scores
    changes = {"short_side": side if own in trained.scales else smaller(side, node.short_side)}
    seen: Any = OmegaConf.merge(node, changes, made.get(own, {}) if build.pairs_made(node) else {})
    source, split = _source(seen, name=name), _split_of(split, name)
    return as_tested(source, node=seen, split=split, views=trained.views, batch_size=trained.batch_size)


def _source(one: DictConfig, *, name: str) -> ImageSource:
    try:
        return build.image_source(one, name=name or None)
    except KsiqaError as error:
        texts = {part: _keys_of(name, one, getattr(error, part)) for part in ("found", "expected", "do")}
        raise type(error)(**texts) from error


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


def _split_of(split: DictConfig, name: str) -> DictConfig:
    """Return the common rule; of a mix, text files lie in a folder a set, as a run writes them."""
    if not name or split.source != "files" or split.folder is None:
        return split
    return OmegaConf.create({**build.plain(split), "folder": str(Path(split.folder) / name)})


def _keys_of(name: str, one: DictConfig, text: str) -> str:
    """Say ``data.sets.NAME.root`` where a set's error says ``data.root``."""
    return re.sub(rf"\bdata\.(?=(?:{'|'.join(map(str, one))})\b)", f"data.sets.{name}.", text) if name else text
