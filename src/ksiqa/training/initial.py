"""Going on from a trained model (``init`` in a config): its architecture and weights, with scales of the run's own."""

import re
from collections.abc import Collection, Iterable
from hashlib import file_digest
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from ksiqa.build import Model, plain
from ksiqa.errors import ConfigError
from ksiqa.inference.found_model import model_folder
from ksiqa.inference.model_folder import WEIGHTS, TrainedModel, load_model
from ksiqa.model import compose
from ksiqa.recipe import flat
from ksiqa.sets import set_nodes

OF_TRAINING = ("model.bins", "backbone.frozen")  # no part of an architecture
OF_SOURCES = ("calibration.", "ordinal.biases.", "ordinal.edges_", "ordinal.centres_")  # a regressor's, by source
READOUT = "feature_extraction.damage."  # of frozen branches: it goes where one of them learns
STUDENTS = "model.students"  # one alone goes on with the first of several
OF_MEMBER = re.compile(r"members\.\d+\.")  # in an ensemble's names
FILLED = "init"  # a branch's ``weights`` that come with the model's


def initial_folder(name: str) -> Path:
    """Return the model folder that ``init`` names."""
    return model_folder(name)


def check_named(config: DictConfig) -> None:
    """See whether ``init`` has a value.

    Raises:
        ConfigError: it has none, in an experiment that wants one.
    """
    if config.get("init") == "":
        raise ConfigError(
            found=f"experiment={config.name} without init",
            expected="a trained model to go on from",
            do="set init=DIR, the model/ folder of a run",
        )


def asked_of_network() -> list[str]:
    """Return the keys of the network that the command line sets, or the groups that it chooses."""
    overrides = HydraConfig.get().overrides.task if HydraConfig.initialized() else []
    return of_network(text.lstrip("+~").partition("=")[0] for text in overrides)


def of_network(keys: Iterable[str]) -> list[str]:
    """Return those of some keys that are a network's."""
    return [key for key in keys if key.partition(".")[0] in ("model", "backbone")]


def take_over(config: DictConfig, *, asked: Collection[str]) -> None:
    """Write into a run's config what comes of its ``init``: the architecture, and views where they are left open.

    ``init`` itself becomes ``folder`` and ``weights``, a digest: a run that goes on or is repeated wants the same.

    Args:
        config: not yet resolved; taken over again, it stays as it is.
        asked: keys of ``model`` and ``backbone`` that somebody set for this run, whose values must be the model's.

    Raises:
        ConfigError: a value contradicts the model, or its weights are not those that the run began with.
        ModelFolderError: no model there.
    """
    given = config.init
    name, known = (str(given.folder), given.weights) if isinstance(given, DictConfig) else (str(given), None)
    trained = load_model(initial_folder(name))
    _check_asked(config, trained, name=name, asked=asked)
    if config.sharing.kind == "distil":
        raise ConfigError(
            found="sharing=distil with init",
            expected="a regime that goes on with the model itself, not with a second teacher",
            do="set sharing=none, joint or transfer",
        )
    with (initial_folder(name) / WEIGHTS).open("rb") as file:
        weights = file_digest(file, "sha256").hexdigest()
    if known not in (None, weights):
        raise ConfigError(
            found=f"init={name} with other weights than the run began with",
            expected=f"a {WEIGHTS} of SHA-256 {known}",
            do="put that model there again, or start a new run by init=DIR",
        )
    branches = {one: trained.backbone.get(one) for one in ("vit", "cnn")}
    filled = {one: branch and {**branch, "weights": FILLED} for one, branch in branches.items()}
    config.init = {"folder": name, "weights": weights}
    stays = config.backbone.frozen is None or {*config.backbone.frozen} >= {*trained.backbone["frozen"]}
    readout = {} if stays else {"damage_weight": 0}
    alone = (known is not None or STUDENTS in asked) and config.model.get("students", 1) == 1
    students = {"students": 1} if alone else {}
    config.model = {**trained.model, "bins": config.model.bins, **readout, **students}
    config.backbone = {**filled, "frozen": config.backbone.frozen}
    _leave_views(config.data, trained)


def network_of(config: DictConfig, *, sources: list[str]) -> tuple[Model, TrainedModel]:
    """Build a run's network, with all weights of its ``init`` but those of single sources; and return that, too."""
    trained = load_model(initial_folder(config.init.folder))
    backbone = plain(config.backbone)
    for branch in (backbone["vit"], backbone["cnn"]):
        if branch:
            branch["weights"] = "random"
    network = compose(model=plain(config.model), backbone=backbone, sources=sources)
    state = trained.network.state_dict()
    if config.model.students == 1:  # of an ensemble's the first
        state = {OF_MEMBER.sub("", name): value for name, value in state.items() if _is_of_first(name)}
    shared = {name: value for name, value in state.items() if not _is_of_a_source(name)}
    own = {name: value for name, value in network.state_dict().items() if _is_its_own(name)}
    if network.feature_extraction.damage is None:
        shared = {name: value for name, value in shared.items() if not name.startswith(READOUT)}
    network.load_state_dict({**own, **shared})
    return network, trained


def _is_its_own(name: str) -> bool:
    """Tell what a run's network may have beyond the model's: sources, and a readout of more frozen branches."""
    return _is_of_a_source(name) or name.startswith(READOUT)


def _is_of_first(name: str) -> bool:
    found = OF_MEMBER.search(name)
    return found is None or found.group() == "members.0."


def _is_of_a_source(name: str) -> bool:
    regressor, _, rest = OF_MEMBER.sub("", name).partition(".")
    return regressor == "regressor" and rest.startswith(OF_SOURCES)


def _check_asked(config: DictConfig, trained: TrainedModel, *, name: str, asked: Collection[str]) -> None:
    there = flat({"model": trained.model, "backbone": trained.backbone})
    here = flat({"model": plain(config.model), "backbone": plain(config.backbone)})
    for key in asked:
        of_key = [one for one in {**here, **there} if one == key or one.startswith(f"{key}.")]
        for one in of_key:
            replaced = one.endswith(".weights") and one != key  # of a group that was named as a whole
            free = replaced or one in OF_TRAINING or (one, here.get(one)) == (STUDENTS, 1)
            if not free and here.get(one) != there.get(one):
                raise ConfigError(
                    found=f"{one}={here.get(one)} with init={name}",
                    expected=f"what that model has ({there.get(one, 'weights of its own')})",
                    do=f"leave {key} out: architecture and weights come with init",
                )


def _leave_views(data: DictConfig, trained: TrainedModel) -> None:
    """Fill what is null: crops and views, and each set's short side."""
    views = trained.views
    for key, value in {"crop": views.side, "views.kind": views.kind, "views.grid": views.grid}.items():
        if OmegaConf.select(data, key) is None:
            OmegaConf.update(data, key, value)
    for name, node in set_nodes(data).items():
        own: Any = name or OmegaConf.select(node, "source.name") or "table"
        if node.short_side is None:
            node.short_side = trained.short_side_of(own)
