"""What a config builds for a training: data, model, and a teacher to learn from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from ksiqa import build
from ksiqa.data.datamodule import QualityData
from ksiqa.errors import ConfigError
from ksiqa.inference.model_folder import TrainedModel
from ksiqa.model.teacher import Teacher
from ksiqa.recipe import fingerprint
from ksiqa.report.run_folder import described, provenance
from ksiqa.task.regime import Regime
from ksiqa.task.regime_check import check_pairs


@dataclass(frozen=True, kw_only=True)
class Parts:
    """All that takes part in a training."""

    model: build.Model
    instructor: Teacher | None  # of sharing=distil
    regime: Regime
    target: QualityData
    pairs: QualityData | None


def assemble(config: DictConfig) -> Parts:
    """Build data and model of a config; what frozen backbones say of the data is computed here.

    Raises:
        ConfigError: values that do not go together.
    """
    regime = build.regime(config)
    check_pairs(config.sharing.kind, given=bool(config.get("pairs")))  # before data are built for nothing
    nodes = {"target": config.data} | ({"pairs": config.pairs} if config.get("pairs") else {})
    sources = {name: build.image_source(node) for name, node in nodes.items()}  # first: data errors come early
    names = [source.table.facts.name for source in sources.values()]
    model = build.model(config, sources=names)
    extraction = model.feature_extraction
    _check(config, names=names, frozen=extraction.frozen)
    splits = {"target": config.split, "pairs": config.pair_split}
    data = {
        name: build.quality_data(nodes[name], source=source, split=splits[name], seed=config.seed, cell=extraction.cell)
        for name, source in sources.items()
    }
    instructor = build.instructor(config, sources=names) if config.sharing.kind == "distil" else None
    for one in data.values():
        for learner in (model, instructor):
            if learner is not None:
                learner.regressor.start_from(one.training_scores, source=one.name, bins=config.model.bins)
        if config.sharing.kind in ("none", "pretrain") and not isinstance(model, Teacher):
            one.without_references()
        if extraction.frozen:
            build.keep_frozen(one, extraction, cache=Path(config.cache).expanduser(), ridge=config.report.ridge)
    return Parts(model=model, instructor=instructor, regime=regime, target=data["target"], pairs=data.get("pairs"))


def trained_model(config: DictConfig, parts: Parts, *, fr_source: str | None) -> TrainedModel:
    """Return the model with all that scoring needs."""
    data = [parts.target, *([parts.pairs] if parts.pairs else [])]
    views: Any = parts.target.parts["test"].views  # ScoringViews: the part is scored
    return TrainedModel(
        network=parts.model,
        model=build.plain(config.model),
        backbone=build.plain(config.backbone),
        scales={one.name: one.table.facts for one in data},
        source=parts.target.name,
        fr_source=fr_source,
        views=views,
        short_side=config.data.short_side,
        batch_size=parts.target.batch_size,
        training={
            "experiment": config.name,
            "sharing": config.sharing.kind,
            "seed": config.seed,
            "recipe": fingerprint(build.plain(config)),
            "split": build.plain(config.split),
            "train_n": len(parts.target.split.train),
            **described(parts.target, pairs=parts.pairs),
            "pairs_made": build.pairs_made(config.data),
            **provenance(),
        },
    )


def _check(config: DictConfig, *, names: list[str], frozen: list[str]) -> None:
    if config.report.ridge and not frozen:
        raise ConfigError(
            found=f"report.ridge=true with backbone.frozen={frozen}",
            expected="frozen features to regress on",
            do="set report.ridge=false, or freeze a branch with backbone.frozen=[cnn]",
        )
    if len(set(names)) < len(names):
        raise ConfigError(
            found=f"target and pairs that both are {names[0]}",
            expected="two sources of scores, told apart by name",
            do="choose another source of pairs, such as +data@pairs=folder",
        )
