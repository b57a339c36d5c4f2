"""Peers' networks as pyiqa has them, on the weights that KSIQA has: each is parted into the backbone, which sees crops,
and the rest, which judges what was seen, so that a frozen backbone looks once.

pyiqa is no dependency of ksiqa: docs/speed.md says how it is installed beside it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from typing import Any
from unittest.mock import patch

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ksiqa.errors import ConfigError

SIDE = 224  # of the crops that both networks are made for
Pixels = Float[Tensor, "batch 3 rows columns"]
Seen = Mapping[str, Float[Tensor, "batch height width channels"]]
"""What a backbone says of crops, by stage."""


class Peer(nn.Module):
    """A network of pyiqa without its backbone.

    ``forward`` judges what ``see`` returns: the network is handed blank crops and finds in its backbone's place what
    was seen of the real ones.
    """

    weights: str  # which of vit and cnn its backbone is
    standard: dict[str, Any]  # by stage, what brings its channels to one scale; empty: as they are

    def __init__(self, network: Any, *, backbone: str) -> None:
        super().__init__()
        self.standard = {}
        self.network, self.backbone, self.seen = network, getattr(network, backbone), Told()
        setattr(network, backbone, self.seen)
        told = self.backbone.pretrained_cfg
        for name in ("mean", "std"):
            self.register_buffer(name, torch.tensor(told[name])[:, None, None])

    @staticmethod
    def origin() -> str:
        """Return the version of the package that it is from."""
        return version("pyiqa")

    def normalised(self, pixels: Pixels) -> Pixels:
        """Return pixels in [0, 1] as the backbone's weights want them."""
        return (pixels - self.mean) / self.std


class Told(nn.Module):
    """Stands in a backbone's place and repeats what it has said."""

    said: Any = None

    def forward(self, pixels: Pixels) -> Any:
        """Return it, whatever the pixels are."""
        del pixels
        return self.said


class InFull(nn.Module):
    """Computes a part in full precision, where all around it is in half."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, values: Tensor) -> Tensor:
        """Return what the part makes of values."""
        with torch.autocast(values.device.type, enabled=False):
            made: Tensor = self.part(values.float())
        return made


class Maniqa(Peer):
    """MANIQA (Yang et al., CVPRW 2022) on a ViT of other patches and width than its own.

    Attention and convolutions are computed in half precision, its two last networks in full.
    """

    weights = "vit"

    def __init__(self, file: str) -> None:
        module = _module("maniqa_arch")
        with _trunk_of(module, "vit_small_patch14_dinov2.lvd142m", file=file, img_size=SIDE, num_classes=0):
            network = module.MANIQA(
                pretrained=False, embed_dim=384, patch_size=14, dim_mlp=768, img_size=SIDE, test_sample=1
            )
        super().__init__(network, backbone="vit")
        self.tokens_of = network.extract_feature
        network.extract_feature = lambda _: self.seen.said
        network.fc_score, network.fc_weight = InFull(network.fc_score), InFull(network.fc_weight)

    def see(self, pixels: Pixels) -> Seen:
        """Return the tokens of the four blocks that MANIQA looks at, on their grid."""
        self.backbone(self.normalised(pixels))
        tokens = self.tokens_of(self.network.save_output)
        self.network.save_output.clear()
        return {"tokens": tokens.unflatten(1, (self.network.input_size, -1))}

    def forward(self, seen: Seen) -> Float[Tensor, " batch"]:
        """Return scores."""
        self.seen.said = seen["tokens"].flatten(1, 2)
        with torch.autocast(self.seen.said.device.type, torch.bfloat16):
            score: Tensor = self.network(self.seen.said.new_zeros(len(self.seen.said), 3, SIDE, SIDE))
        return score[:, 0]


class HyperIqa(Peer):
    """HyperIQA (Su et al., CVPR 2020) on EfficientNet-Lite0: the layers that read the backbone's stages are made anew,
    for as many channels as those have."""

    weights = "cnn"

    def __init__(self, file: str) -> None:
        module = _module("hypernet_arch")
        with _trunk_of(module, "tf_efficientnet_lite0", file=file):
            network = module.HyperNet(pretrained=False)
        super().__init__(network, backbone="base_model")
        *channels, last = self.backbone.feature_info.channels()[1:]
        *local, whole = network.lda_modules
        for reader, count in zip(local, channels, strict=True):
            reader[0] = nn.Conv2d(count, reader[0].out_channels, 1, bias=False)
        whole[-1] = nn.Linear(last, whole[-1].out_features)
        network.conv1[0] = nn.Conv2d(last, network.conv1[0].out_channels, 1)

    def see(self, pixels: Pixels) -> Seen:
        """Return the features of the four stages that HyperIQA looks at."""
        stages = self.backbone(self.normalised(pixels))[1:]
        return {f"stage{place}": stage.permute(0, 2, 3, 1) for place, stage in enumerate(stages)}

    def forward(self, seen: Seen) -> Float[Tensor, " batch"]:
        """Return scores."""
        stages = [stage.permute(0, 3, 1, 2) for stage in seen.values()]
        self.seen.said = [None, *stages]  # of the first stage it makes nothing
        score: Tensor = self.network.forward_patch(stages[0].new_zeros(len(stages[0]), 3, SIDE, SIDE))
        return score[:, 0]


PEERS: Mapping[str, type[Maniqa] | type[HyperIqa]] = {"maniqa": Maniqa, "hyperiqa": HyperIqa}


def _module(name: str) -> Any:
    """Return a module of pyiqa.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return import_module(f"pyiqa.archs.{name}")
    except ImportError as error:
        raise ConfigError(
            found=f"no pyiqa.archs.{name}: {error}",
            expected="the package pyiqa beside ksiqa",
            do="pip install --no-deps pyiqa einops facexlib opencv-python-headless, under its own licence",
        ) from error


@contextmanager
def _trunk_of(module: Any, name: str, *, file: str, **told: Any) -> Iterator[None]:
    """Let a module of pyiqa build this backbone with weights of a file (or ``random``), whatever it asks for."""
    real = module.timm.create_model
    weights = {"pretrained": file != "random", "pretrained_cfg_overlay": {"file": file}}

    def created(_asked: str, *, features_only: bool = False, **_told: Any) -> Any:
        return real(name, **weights, **told, **({"features_only": True} if features_only else {}))

    with patch.object(module.timm, "create_model", created):
        yield
