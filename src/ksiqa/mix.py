"""From the ``data`` node of a config to the data of the sets that it names."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ksiqa import build
from ksiqa.data.datamodule import QualityData
from ksiqa.data.image_source import ImageSource
from ksiqa.data.mixed import Data, MixedData
from ksiqa.data.transform import smaller
from ksiqa.data.views import ScoringViews
from ksiqa.inference.model_folder import TrainedModel
from ksiqa.sets import named, set_nodes


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
    with named(name, one):
        return build.image_source(one, name=name or None)


def _split_of(split: DictConfig, name: str) -> DictConfig:
    """Return the common rule; of a mix, text files lie in a folder a set, as a run writes them."""
    if not name or split.source != "files" or split.folder is None:
        return split
    return OmegaConf.create({**build.plain(split), "folder": str(Path(split.folder) / name)})
