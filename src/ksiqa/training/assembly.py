"""What a config builds for a training: data, model, and a teacher to learn from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ksiqa import build, mix
from ksiqa.data.datamodule import QualityData
from ksiqa.data.mixed import Data, check_photographs
from ksiqa.data.synthetic.human_means import training_means
from ksiqa.data.synthetic.synthetic_images import SyntheticImages
from ksiqa.errors import ConfigError
from ksiqa.found_weights import check_weights
from ksiqa.inference.model_folder import TrainedModel
from ksiqa.model.feature_extraction import FeatureExtraction
from ksiqa.model.teacher import Teacher
from ksiqa.provenance import provenance
from ksiqa.recipe import fingerprint
from ksiqa.report.run_folder import counts, described
from ksiqa.sets import set_nodes
from ksiqa.task.regime import Regime
from ksiqa.task.regime_check import check_pairs
from ksiqa.training.damage_fit import centre_damage, damage_from_copies
from ksiqa.training.fitted_scale import fit_scale
from ksiqa.training.images_seen import images_seen
from ksiqa.training.initial import network_of
from ksiqa.training.standardised import standardise

RATED = "kadid10k"  # the set whose opinions anchor pseudo-scores: those of its test part must not


@dataclass(frozen=True, kw_only=True)
class Parts:
    """All that takes part in a training."""

    model: build.Model
    initial: TrainedModel | None  # that the model goes on from
    instructor: Teacher | None  # of sharing=distil
    regime: Regime
    target: Data
    pairs: QualityData | None
    finds_damage: bool  # when all have learned, by what the student makes of photographs

    @property
    def scored(self) -> list[QualityData]:
        """All sets on whose scale the model scores: the target's, and the pairs."""
        return [*self.target.sets, *([self.pairs] if self.pairs else [])]


def assemble(config: DictConfig, *, test: bool = True) -> Parts:
    """Build data and model of a config; what frozen backbones say of the data is computed here, of the test part only
    where it will be scored (``test``).

    Raises:
        ConfigError: values that do not go together.
    """
    regime = build.regime(config)
    check_pairs(config.sharing.kind, given=bool(config.get("pairs")))  # before data are built for nothing
    sources = mix.image_sources(config.data)  # first: data errors come early
    if not config.get("init"):  # whose weights are its own
        check_weights({name: one for name in ("vit", "cnn") if (one := build.plain(config.backbone).get(name))})
    beside = [build.image_source(config.pairs)] if config.get("pairs") else []
    names = [source.table.facts.name for source in (*sources, *beside)]
    model, initial = _model(config, sources=names)
    extraction = model.feature_extraction
    _check(config, names=names, extraction=extraction)
    made = [source.table.facts.name for source in (*sources, *beside) if isinstance(source, SyntheticImages)]
    if made and RATED in (config.get("others") or {}):
        raise ConfigError(
            found=f"pseudo-scores of {made[0]}, made of what KADID-10k's viewers said, and a test on all of KADID-10k",
            expected="labels that know nothing of the test",
            do="leave the pairs or KADID-10k out (roots.kadid10k=null)",
        )
    settings: dict[str, Any] = {"seed": config.seed, "cell": extraction.cell}
    target = mix.mixed_data(config.data, sources, split=config.split, **settings)
    for rated in (one for one in target.sets if one.name == RATED):
        for source in (one for one in (*sources, *beside) if isinstance(one, SyntheticImages)):
            source.anchor(training_means(rated.table, rated.split.train))
    _check_patchwork(config, target)
    pairs = [build.quality_data(config.pairs, source=one, split=config.pair_split, **settings) for one in beside]
    instructor = build.instructor(config, sources=names) if config.sharing.kind == "distil" else None
    readout = extraction.damage
    copies = readout is not None and initial is None and config.model.damage == "copies"
    alone = config.sharing.kind in ("none", "pretrain") and not isinstance(model, Teacher)
    for one in (*target.sets, *pairs):
        for learner in (model, instructor):
            if learner is not None:
                learner.regressor.start_from(one.training_scores, source=one.name, bins=config.model.bins)
        if alone and not copies:
            one.without_references()
        if extraction.frozen:
            tested = one in target.sets
            build.keep_frozen(
                one,
                extraction,
                cache=Path(config.cache).expanduser(),
                test=tested and test and config.report.from_features,
                ridge=tested and config.report.ridge,
            )
        if initial is not None:
            if readout is not None and one is target.sets[0]:
                centre_damage(readout, one)
            fit_scale(model, one)
    if config.task.standardise and initial is None:
        for learner in (model, instructor):
            if learner is not None:
                standardise(learner.feature_extraction, target.sets[0])
    if copies:
        damage_from_copies(extraction, pairs=(pairs or target.sets)[0], target=target.sets[0])
    for one in (*target.sets, *pairs) if alone else ():  # but for the readout no reference was ever wanted
        one.without_references()
    return Parts(
        model=model,
        initial=initial,
        instructor=instructor,
        regime=regime,
        target=target,
        pairs=pairs[0] if pairs else None,
        finds_damage=readout is not None and initial is None and not copies,
    )


def trained_model(config: DictConfig, parts: Parts, *, fr_source: str | None) -> TrainedModel:
    """Return the model with all that scoring needs."""
    main, *others = parts.target.sets
    test: Any = main.parts["test"]  # its views are ScoringViews
    nodes = set_nodes(config.data).values()
    return TrainedModel(
        network=parts.model,
        model=build.plain(config.model),
        backbone=build.plain(config.backbone),
        scales={one.name: one.table.facts for one in (main, *others, *([parts.pairs] if parts.pairs else []))},
        source=main.name,
        fr_source=fr_source,
        views=test.views,
        short_side=test.short_side,
        short_sides={one.name: one.parts["test"].short_side for one in others},
        batch_size=main.batch_size,
        in_doubts=True,
        training={
            "experiment": config.name,
            "sharing": config.sharing.kind,
            "seed": config.seed,
            "recipe": fingerprint(build.plain(config)),
            "split": build.plain(config.split),
            **_history(config, parts),
            **described(parts.target.sets, pairs=parts.pairs),
            "pairs": {one.name: counts(one) for one in ([parts.pairs] if parts.pairs else [])},
            "shares": {one.name: one.share for one in parts.target.sets},
            "pairs_made": {
                one.name: build.pairs_made(node) for one, node in zip(parts.target.sets, nodes, strict=True)
            },
            **provenance(),
        },
    )


def _model(config: DictConfig, *, sources: list[str]) -> tuple[build.Model, TrainedModel | None]:
    """Build the model, and return beside it the one that it goes on from."""
    return network_of(config, sources=sources) if config.get("init") else (build.model(config, sources=sources), None)


def _history(config: DictConfig, parts: Parts) -> dict[str, Any]:
    """Return where the weights started, and all images that they have learned from. Of a file its name alone."""
    before = None if parts.initial is None else parts.initial.training
    sets = [*parts.target.sets, *([parts.pairs] if parts.pairs else [])]
    started: dict[str, Any]
    if before is None:
        branches = {name: config.backbone.get(name) for name in ("vit", "cnn")}
        started = {"weights": {name: Path(one.weights).name for name, one in branches.items() if one}}
    else:
        started = {"init": config.init.weights, "init_recipe": before.get("recipe")}
    return {**started, **images_seen(sets, before=before)}


def _check(config: DictConfig, *, names: list[str], extraction: FeatureExtraction) -> None:
    frozen = extraction.frozen
    _check_stride(config, extraction)
    for name, use in {"ridge": "to regress on", "from_features": "to test on"}.items():
        if config.report[name] and not frozen:
            raise ConfigError(
                found=f"report.{name}=true with backbone.frozen={frozen}",
                expected=f"frozen features {use}",
                do=f"set report.{name}=false, or freeze a branch with backbone.frozen=[cnn]",
            )
    if config.task.standardise and not frozen:
        raise ConfigError(
            found=f"task.standardise=true with backbone.frozen={frozen}",
            expected="a frozen branch, whose channels no training brings to one scale",
            do="set task.standardise=false, or freeze a branch with backbone.frozen=[cnn]",
        )
    check_photographs(names)
    if len(set(names)) < len(names):
        raise ConfigError(
            found=f"target and pairs that both are {names[-1]}",
            expected="two sources of scores, told apart by name",
            do="choose another source of pairs, such as +data@pairs=folder",
        )


def _check_patchwork(config: DictConfig, target: Data) -> None:
    referenced = [one.name for one in target.sets if one.has_references]
    if config.task.patchwork and referenced:
        raise ConfigError(
            found=f"task.patchwork=true with {referenced[0]}, whose images have references",
            expected="a target without references: patchworks of two images have none",
            do="set task.patchwork=false",
        )


def _check_stride(config: DictConfig, extraction: FeatureExtraction) -> None:
    """Refuse tokens left out where a branch learns, or where a part looks at a token's neighbours: they would stand
    farther apart in training than in scoring."""
    strides = {name: config[name].token_stride for name in ("data", "pairs") if config.get(name)}
    neighbours = {"model.fusion": "deform", "model.imagery": "conv"}
    for name in (name for name, stride in strides.items() if stride != 1):
        if extraction.learning:
            every = ",".join([*extraction.frozen, *extraction.learning])
            raise ConfigError(
                found=f"{name}.token_stride={strides[name]} with backbone.frozen={extraction.frozen}",
                expected="frozen features of all branches, of which a step sees some tokens",
                do=f"set {name}.token_stride=1, or backbone.frozen=[{every}]",
            )
        for key, value in neighbours.items():
            if OmegaConf.select(config, key) == value:
                raise ConfigError(
                    found=f"{name}.token_stride={strides[name]} with {key}={value}, which looks at neighbours",
                    expected="parts that look at one token, or at all alike",
                    do=f"set {name}.token_stride=1, or another {key}",
                )
