"""From what a launch says to the config of one run: its variant applied, what was left open decided."""

from copy import deepcopy
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from ksiqa.build import plain
from ksiqa.data.transform import smaller
from ksiqa.errors import choice
from ksiqa.recipe import flat
from ksiqa.sets import set_nodes
from ksiqa.task.regime_check import PAIRS
from ksiqa.training.initial import asked_of_network, check_named, of_network, take_over

OF_LAUNCH = ("roots", "variants", "experiments")  # what a run's config does not keep: it holds what came of them
VALIDATION_SHARE = 0.1  # of the contents, where something is chosen or checked by a validation part


def settled(config: DictConfig) -> DictConfig:
    """Return a run's own config, resolved; settling it again changes nothing.

    - ``variant``, one of ``variants``: its values go over all others, and pairs that its regime never looks at go;
    - ``others``, sets to test on beside the target: those without a root go, and so do the target's; of their data what
      the images are stays, since all else is as in training;
    - ``init``, a trained model: its architecture goes over the config's, see ``take_over``;
    - ``split.validation_share: null`` becomes a number, ``backbone.frozen: null`` all branches.

    Raises:
        ConfigError: no such variant, or a value that contradicts ``init``.
        ModelFolderError: ``init`` names no model.
    """
    config = deepcopy(config)
    asked = asked_of_network()
    if config.get("variants"):
        given = {name: change for name, change in config.variants.items() if change is not None}
        change = given[choice(config.variant, allowed=given, name="variant")]
        config.merge_with(change)
        asked += of_network(flat(plain(change)))
    check_named(config)
    with open_dict(config):
        if config.get("init") is None:
            config.pop("init", None)
        else:
            take_over(config, asked=asked)
        if OmegaConf.select(config, "backbone.frozen", default=[]) is None:
            config.backbone.frozen = [name for name in ("vit", "cnn") if config.backbone[name]]
        if config.get("variants") and PAIRS.get(config.sharing.kind) == "never":
            config.pop("pairs", None)
        if config.split.validation_share is None:
            config.split.validation_share = VALIDATION_SHARE if _validates(config) else 0.0
        config.report.setdefault("from_features", False)  # runs made before there were these keys are repeated, too
        config.model.setdefault("damage", "copies")
        config.model.setdefault("students", 1)
        config.sharing.setdefault("student_share", 1.0)
        OmegaConf.resolve(config)
        if "others" in config:
            targets = {name or node.source.name for name, node in set_nodes(config.data).items()}
            kept = {n: one for n, one in config.others.items() if one.source.root and one.source.name not in targets}
            config.others = {name: _other(one, side=config.data.short_side) for name, one in kept.items()}
        for name in OF_LAUNCH:
            config.pop(name, None)
    return config


def _other(node: DictConfig, *, side: int | None) -> dict[str, Any]:
    """Return a set to test on: its images no larger than they were trained on, nor than it has them itself."""
    short_side = smaller(side, node.short_side)
    return {"source": {**node.source, "short_side": short_side}, "short_side": short_side}


def _validates(config: DictConfig) -> bool:
    """Tell whether a run looks at its target's validation part."""
    best = OmegaConf.select(config, "task.select") == "best"
    return best or (OmegaConf.select(config, "sharing.kind") == "sequential" and not config.get("pairs"))
