"""What is measured, and the configs of it: the project's own, with random weights."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from ksiqa import build
from ksiqa.names import conf_folder

SOURCE = "bench"  # of scores that nobody gave
PRECISIONS = {"32-true": torch.float32, "bf16-mixed": torch.bfloat16}
BACKBONES = {"cpu": "vit_small_patch14_dinov2_tf_efficientnet_lite0", "cuda": "vit_base_patch16_224_resnet50"}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Of all contestants alike.

    ``side`` is of training crops, ``rows`` and ``columns`` of whole images.
    """

    device: torch.device
    backbone: str
    training_batches: Sequence[int]
    scoring_batches: Sequence[int]
    side: int
    rows: int
    columns: int
    precision: str
    modes: Sequence[str]
    rounds: int
    seconds: float
    only: Sequence[str] = ()
    overrides: Sequence[str] = field(default_factory=tuple)

    @property
    def dtype(self) -> torch.dtype:
        """What matrices are multiplied in."""
        return PRECISIONS[self.precision]

    @property
    def strategy(self) -> str:
        """The ``strategy`` of the config."""
        return "gpu" if self.device.type == "cuda" else "cpu"

    def wants(self, name: str) -> bool:
        """Tell whether a contestant takes part."""
        return not self.only or name in self.only

    def config(self, *, model: str, sharing: str = "none") -> DictConfig:
        """Return the config of a training."""
        told = (f"backbone={self.backbone}", f"model={model}", f"sharing={sharing}", f"strategy={self.strategy}")
        one = [] if model == "student" else ["model.students=1"]
        with initialize_config_dir(str(conf_folder()), version_base="1.3"):
            config = compose("train", [*told, f"strategy.precision={self.precision}", *self.overrides, *one])
        for branch in (config.backbone.vit, config.backbone.cnn):
            if branch is not None:
                branch.weights = "random"
        return config

    def model(self, kind: str, *, sharing: str = "none") -> tuple[DictConfig, Any]:
        """Return a config and its model, the same weights each time."""
        torch.manual_seed(0)
        config = self.config(model=kind, sharing=sharing)
        return config, build.model(config, sources=[SOURCE])
