"""From a composed config to data and models: plain objects, made from plain values.

Here and in ``trainers`` alone Hydra's instantiate is known; every other part of the project takes what these build.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from torch import Tensor

from ksiqa.data.datamodule import QualityData
from ksiqa.data.image_source import ImageSource
from ksiqa.data.loader import readers
from ksiqa.data.pictures import Pictures, beside
from ksiqa.data.soundness import Soundness
from ksiqa.data.split import make_split
from ksiqa.data.split_rules import check_scored
from ksiqa.data.views import ScoringViews, TrainingViews
from ksiqa.errors import ConfigError, KsiqaError, whole_number
from ksiqa.loss.weighted import Weighted
from ksiqa.model import compose
from ksiqa.model.feature_extraction import FeatureExtraction
from ksiqa.model.plain import Plain
from ksiqa.model.student import Student
from ksiqa.model.teacher import Teacher
from ksiqa.task.quality import Optimiser
from ksiqa.task.regime import Regime, Sharing
from ksiqa.tiles import OVERLAP, SIDE, WHOLE

Model = Student | Plain | Teacher


def plain(node: Any) -> Any:
    """Return a config node as plain dictionaries, lists, numbers and strings, interpolations resolved."""
    return OmegaConf.to_container(node, resolve=True, throw_on_missing=True)


def image_source(node: DictConfig, *, name: str | None = None) -> ImageSource:
    """Build the images and labels of a ``data`` node.

    Args:
        node: of one set.
        name: by which the set goes, where it is not its own.

    Raises:
        ConfigError: the node of a mix.
        DatasetError: what lies there is not as told.
    """
    if "sets" in node:
        raise ConfigError(
            found="data=mix where one set is wanted",
            expected=f"one of {', '.join(node.sets)}",
            do="name the sets one at a time",
        )
    try:
        source: ImageSource = instantiate(node.source)
    except InstantiationException as error:
        raise error.__cause__ if isinstance(error.__cause__, KsiqaError) else error from None
    if name is not None:
        source.table = replace(source.table, facts=replace(source.table.facts, name=name))
    return source


def pictures_beside(node: DictConfig) -> list[Pictures]:
    """List the pictures of the sets that ``ksiqa prepare`` compares with: those whose place is given."""
    given = {name: place for name, place in plain(node).items() if place}
    return [beside(name, place) for name, place in given.items() if isinstance(place, str) or place["file"]]


def quality_data(
    node: DictConfig,
    *,
    source: ImageSource,
    split: DictConfig,
    seed: int,
    cell: int,
    tested: ScoringViews | None = None,
) -> QualityData:
    """Build a source's DataModule from its ``data`` node and the ``split`` node.

    Args:
        node: of one set.
        source: its images.
        split: node of the split.
        seed: of order and crops.
        cell: pixels that a token covers.
        tested: the views of a saved model, where nothing is trained: then the test part alone is looked over.

    Raises:
        ImageError: images cannot be used, and are not to be skipped.
        SplitError: no such split, or one image alone to be scored.
    """
    for name, least in (("crop", cell), ("token_stride", 1), ("batch_size", 1)):
        whole_number(node[name], least=least, name=f"data.{name}")
    if node.crop % cell and tested is None:
        raise ConfigError(
            found=f"data.crop={node.crop}",
            expected=f"a multiple of {cell}, the pixels that a token of this model covers",
            do=f"set data.crop={node.crop // cell * cell}",
        )
    values = plain(split)
    folder = values.pop("folder")
    values["validation_share"] = values["validation_share"] or 0.0  # null where nothing is trained
    drawn = make_split(source.table, folder=None if folder is None else Path(folder), **values)
    training = training_views(node, cell=cell)
    scoring = tested or ScoringViews(kind=node.views.kind, side=node.crop, grid=node.views.grid, cell=cell)
    seen: dict[str, TrainingViews | ScoringViews]
    seen = {"test": scoring} if tested else {"train": training, "validation": scoring, "test": scoring}
    sound, bad = _soundness(node).of_split(drawn, source, views=seen, short_side=node.short_side)
    check_scored(source.table, sound, parts=seen)
    return QualityData(
        source=source,
        split=sound,
        bad=bad,
        training=training,
        scoring=scoring,
        short_side=node.short_side,
        batch_size=node.batch_size,
        by_content=node.by_content,
        workers=readers(node.workers),
        seed=seed,
    )


def training_views(node: DictConfig, *, cell: int = 1) -> TrainingViews:
    """Build the views of training of a ``data`` node, whose tokens cover ``cell`` pixels."""
    return TrainingViews(side=node.crop, distinct=node.distinct_crops, token_stride=node.token_stride, cell=cell)


def _soundness(node: DictConfig) -> Soundness:
    cache = Path(node.source.cache).expanduser()
    return Soundness(on_bad=node.on_bad_image, pixel_limit=node.pixel_limit, workers=readers(node.workers), cache=cache)


def pairs_made(node: DictConfig) -> dict[str, Any]:
    """Return how a ``data`` node makes synthetic pairs, and so their pseudo-scores; empty for other sources."""
    keys = ("families", "levels", "size", "pristine", "distortion_seed")
    return {key: plain(node)[key] for key in keys if "families" in node}


def keep_frozen(
    data: QualityData, extraction: FeatureExtraction, *, cache: Path, test: bool = False, ridge: bool = False
) -> None:
    """Compute what frozen branches say of all views that training sees, or find it in the cache; with ``test`` of the
    test part, too, with ``ridge`` of all scored views."""
    learning = extraction.learning
    if data.parts["train"].views.distinct is None:
        raise ConfigError(
            found=f"backbone.frozen={extraction.frozen} with data.distinct_crops=null",
            expected="a number of crops an image: each one's features are computed once",
            do="set data.distinct_crops=4 (or backbone.frozen=[])",
        )

    @torch.no_grad()
    def extractor(images: Tensor) -> Mapping[str, Tensor]:
        return extraction.branch_features(images.float() / 255, leave_out=learning)

    frozen = {name: getattr(extraction, name) for name in extraction.frozen}
    weights = {f"{name}.{key}": value for name, one in frozen.items() for key, value in one.state_dict().items()}
    settings = f"{[one.description for one in frozen.values()]} cell {extraction.cell} tiles {WHOLE} {SIDE} {OVERLAP}"
    data.keep_frozen(
        branches=weights,
        settings=settings,
        extractor=extractor,
        complete=not learning,
        cache=cache,
        test=test,
        ridge=ridge,
    )


def model(config: DictConfig, *, sources: list[str]) -> Model:
    """Build the model of a config for the given sources of scores."""
    return compose(model=plain(config.model), backbone=plain(config.backbone), sources=sources)


def instructor(config: DictConfig, *, sources: list[str]) -> Teacher:
    """Build the teacher of ``sharing=distil``: parts of its own, of the same sizes as the student's."""
    built = compose(
        model={**plain(config.model), "kind": "teacher", "students": 1},
        backbone=plain(config.backbone),
        sources=sources,
    )
    assert isinstance(built, Teacher)
    return built


def regime(config: DictConfig) -> Regime:
    """Build the regime: losses, optimiser, how knowledge is shared."""
    return Regime(
        sharing=_typed(Sharing, plain(config.sharing), name="sharing"),
        loss=Weighted(plain(config.loss.weights)),
        optimiser=_typed(Optimiser, plain(config.task.optimiser), name="task.optimiser"),
        epochs=config.trainer.max_epochs,
        patchwork=config.seed if config.task.patchwork else None,
    )


def _typed(kind: Any, values: dict[str, Any], *, name: str) -> Any:
    """Make a dataclass of a node's values.

    Raises:
        ConfigError: a value without a field, or a field without a value.
    """
    try:
        return kind(**values)
    except TypeError as error:
        known = list(kind.__dataclass_fields__)
        wrong = [key for key in values if key not in known] + [key for key in known if key not in values]
        raise ConfigError(
            found=f"{name}.{wrong[0]} " + ("unknown" if wrong[0] in values else "missing"),
            expected=f"{name} with {', '.join(known)}",
            do="correct the name",
        ) from error
