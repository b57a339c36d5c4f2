"""The networks, pure torch and timm: composed from plain values by ``compose``."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from ksiqa.errors import ConfigError, choice, whole_number
from ksiqa.model.ensemble import ensemble
from ksiqa.model.feature_extraction import CNNBranch, FeatureExtraction, ViTBranch
from ksiqa.model.mental_imagery import mental_imagery
from ksiqa.model.ordinal_regression import OrdinalHead
from ksiqa.model.plain import Body, Plain, PooledRegressor
from ksiqa.model.quality_regressor import QualityRegressor
from ksiqa.model.shared_decoder import shared_decoder
from ksiqa.model.student import Student
from ksiqa.model.teacher import Teacher

Values = Mapping[str, Any]  # plain numbers, strings, lists and mappings of them
Branches = tuple[ViTBranch | None, CNNBranch | None]
DEEPEST = 64  # blocks of imagery or decoder
MOST_SOURCES = 64
MOST_STUDENTS = 64


def compose(*, model: Values, backbone: Values, sources: Sequence[str]) -> Student | Teacher | Plain:
    """Build a model from plain values, as they stand in ``conf/model``, ``conf/backbone`` and a model's config.json.

    Args:
        model: ``kind`` (student, teacher, plain, plain_matched), ``students`` (of several see ``ensemble``), ``width``,
            ``heads``, ``fusion``, ``imagery``, ``imagery_depth``, ``imagery_into_features``, ``decoder``,
            ``decoder_depth``, ``regressed_share``, ``damage`` (scores, copies), ``damage_weight``, ``ordinal``,
            ``levels``, ``bins``.
        backbone: ``vit`` (name, weights, blocks, pool, shrink) or None, ``cnn`` (name, weights, stages, spread) or
            None, ``frozen`` (a list of branches).
        sources: the sources of scores, the main one first.

    Raises:
        ConfigError: a key or a value that has no meaning.
        WeightsError: pretrained weights that cannot be had.
    """
    _check_keys(model, allowed=MODEL_KEYS, name="model")
    _check_keys(backbone, allowed=("vit", "cnn", "frozen"), name="backbone")
    _check_sizes(model)
    _check_sources(sources)
    kind = choice(model["kind"], allowed=("student", "teacher", "plain", "plain_matched"), name="model.kind")
    whole_number(model["students"], least=1, most=MOST_STUDENTS, name="model.students")
    branches = _branches(backbone)
    if model["students"] == 1:
        return _one(kind, model, branches, sources)
    if kind != "student":
        raise ConfigError(
            found=f"model.students={model['students']} with model.kind={kind}",
            expected="several students, or one model of another kind",
            do="set model.students=1, or model=student",
        )
    students: Any = [_one(kind, model, branches, sources) for _ in range(model["students"])]
    return ensemble(students)


def _one(kind: str, model: Values, branches: Branches, sources: Sequence[str]) -> Student | Teacher | Plain:
    features = _feature_extraction(model, branches)
    if kind == "plain":
        regressor = PooledRegressor(width=model["width"], sources=list(sources))
        return Plain(feature_extraction=features, body=nn.Identity(), regressor=regressor)
    quality = QualityRegressor(
        width=model["width"],
        ordinal=_ordinal(model, sources),
        regressed_share=model["regressed_share"],
        sources=sources,
        damage_weight=model["damage_weight"],
    )
    size = {"width": model["width"], "heads": model["heads"]}
    decoder = shared_decoder(model["decoder"], depth=model["decoder_depth"], **size)
    if kind == "teacher":
        return Teacher(feature_extraction=features, decoder=decoder, regressor=quality)
    imagery = mental_imagery(model["imagery"], depth=model["imagery_depth"], **size)
    if kind == "plain_matched":
        parameters = sum(p.numel() for part in (decoder, imagery) for p in part.parameters())
        depth = model["imagery_depth"] + model["decoder_depth"]
        body = Body(depth=depth, parameters=parameters, **size)
        return Plain(feature_extraction=features, body=body, regressor=quality)
    return Student(
        feature_extraction=features,
        imagery=imagery,
        imagery_into_features=model["imagery_into_features"],
        decoder=decoder,
        regressor=quality,
    )


MODEL_KEYS = (
    *("kind", "students", "width", "heads", "fusion", "imagery", "imagery_depth", "imagery_into_features"),
    *("decoder", "decoder_depth", "regressed_share", "damage", "damage_weight", "ordinal", "levels", "bins"),
)


BRANCH_KEYS = {"vit": ("name", "weights", "blocks", "pool", "shrink"), "cnn": ("name", "weights", "stages", "spread")}


def _branches(backbone: Values) -> Branches:
    given = {name: backbone[name] for name in ("vit", "cnn") if backbone.get(name)}
    for name in backbone["frozen"]:
        choice(name, allowed=given, name="backbone.frozen")
    for name, keys in BRANCH_KEYS.items():
        _check_keys(given.get(name, {}), allowed=keys, name=f"backbone.{name}")
        missing = [key for key in keys if name in given and key not in given[name]]
        if missing:
            raise ConfigError(
                found=f"no backbone.{name}.{missing[0]}",
                expected=f"backbone.{name} with {', '.join(keys)}",
                do=f"set backbone.{name}.{missing[0]}, or leave the branch out with backbone.{name}=null",
            )
    frozen = {name: name in backbone["frozen"] for name in given}
    vit = ViTBranch(**given["vit"], frozen=frozen["vit"]) if "vit" in given else None
    cnn = CNNBranch(**given["cnn"], frozen=frozen["cnn"]) if "cnn" in given else None
    return vit, cnn


def _feature_extraction(model: Values, branches: Branches) -> FeatureExtraction:
    vit, cnn = branches
    damage = model["kind"] == "student" and model["damage_weight"] > 0
    if damage and not any(one.frozen for one in branches if one is not None):
        raise ConfigError(
            found=f"model.damage_weight={model['damage_weight']} with backbone.frozen=[]",
            expected="a frozen branch, in whose features damage is found once",
            do="set model.damage_weight=0, or freeze a branch with backbone.frozen=[cnn]",
        )
    return FeatureExtraction(vit=vit, cnn=cnn, width=model["width"], fusion=model["fusion"], damage=damage)


def _ordinal(model: Values, sources: Sequence[str]) -> OrdinalHead | None:
    if model["ordinal"] == "none":
        return None
    choice(model["ordinal"], allowed=("none", "dorn", "corn"), name="model.ordinal")
    return OrdinalHead(kind=model["ordinal"], width=model["width"], levels=model["levels"], sources=sources)


def _check_sizes(model: Values) -> None:
    for name in ("width", "heads", "levels"):
        whole_number(model[name], least=1, name=f"model.{name}")
    for name in ("imagery_depth", "decoder_depth"):
        whole_number(model[name], least=1, most=DEEPEST, name=f"model.{name}")
    if model["width"] % model["heads"]:
        raise ConfigError(
            found=f"model.width={model['width']} with model.heads={model['heads']}",
            expected="a width that the heads divide",
            do="set model.width=256 model.heads=8",
        )
    weight = model["damage_weight"]
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < float("inf"):
        raise ConfigError(
            found=f"model.damage_weight={weight}",
            expected="a number, 0 or more",
            do="set model.damage_weight=0.14, or 0 for no readout of damage",
        )
    choice(model["damage"], allowed=("scores", "copies"), name="model.damage")
    if not 0 < model["regressed_share"] < 1:
        raise ConfigError(
            found=f"model.regressed_share={model['regressed_share']}",
            expected="a share between 0 and 1, both excluded: the mix is a sigmoid",
            do="set model.regressed_share=0.9, or model.ordinal=none for the regressed score alone",
        )


def _check_sources(sources: Sequence[str]) -> None:
    wrong = [name for name in sources if not re.fullmatch(r"[^\W_][\w -]{0,63}", name)]
    if wrong or len(sources) > MOST_SOURCES:
        raise ConfigError(
            found=f"a source of scores named {wrong[0]}" if wrong else f"{len(sources)} sources of scores",
            expected=f"at most {MOST_SOURCES}, each named by letters, digits, _ and -, the first no _",
            do="name the sets otherwise" if wrong else "leave some out",
        )


def _check_keys(values: Values, *, allowed: Sequence[str], name: str) -> None:
    unknown = [key for key in values if key not in allowed]
    if unknown:
        raise ConfigError(
            found=f"{name}.{unknown[0]}",
            expected=f"one of {', '.join(f'{name}.{key}' for key in allowed)}",
            do="correct the name, or leave it out",
        )
