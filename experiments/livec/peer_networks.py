"""Peers' networks as pyiqa has them, on the weights that KSIQA has: each is parted into the backbone, which sees crops,
and the rest, which judges what was seen, so that a frozen backbone looks once.

    python experiments/livec/peer_networks.py

says how far the scores of the parts are from those of the whole networks, on random crops and weights. pyiqa is no
dependency of ksiqa: README.md, Peers.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from importlib import import_module
from importlib.metadata import version
from typing import Any
from unittest.mock import patch

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ksiqa.errors import ConfigError
from ksiqa.weights import create_network, load_weights

SIDE = 224  # of the crops that both networks are made for
Pixels = Float[Tensor, "batch 3 rows columns"]
Seen = Mapping[str, Float[Tensor, "batch height width channels"]]
"""What a backbone says of crops, by stage."""


class Peer(nn.Module):
    """A network of pyiqa without its backbone.

    ``forward`` judges what ``see`` returns: the network is handed blank crops and finds in its backbone's place what
    was seen of the real ones.
    """

    branch: str  # vit or cnn: whose weights its backbone has
    places: str  # of the backbone, where it looks
    standard: dict[str, Callable[[Tensor], Tensor]]  # by stage, what brings its channels to one scale; empty: as is

    def __init__(self, network: Any, *, backbone: str) -> None:
        super().__init__()
        self.standard = {}
        self.network, self.backbone, self.stand_in = network, getattr(network, backbone), StandIn()
        setattr(network, backbone, self.stand_in)
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


class StandIn(nn.Module):
    """Stands in a backbone's place and repeats what that has said."""

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

    Attention and convolutions are computed in bfloat16, its two last networks in full.
    """

    branch, places = "vit", "blocks 6 to 9"

    def __init__(self, file: str) -> None:
        module = _module("maniqa_arch")
        with _trunk_of(module, "vit_small_patch14_dinov2", branch="vit", file=file):
            network = module.MANIQA(
                pretrained=False, embed_dim=384, patch_size=14, dim_mlp=768, img_size=SIDE, test_sample=1
            )
        super().__init__(network, backbone="vit")
        self.tokens_of = network.extract_feature
        network.extract_feature = lambda _: self.stand_in.said
        network.fc_score, network.fc_weight = InFull(network.fc_score), InFull(network.fc_weight)

    def see(self, pixels: Pixels) -> Seen:
        """Return the tokens of the four blocks that MANIQA looks at, on their grid."""
        self.backbone(self.normalised(pixels))
        tokens = self.tokens_of(self.network.save_output)
        self.network.save_output.clear()
        return {"tokens": tokens.unflatten(1, (self.network.input_size, -1))}

    def forward(self, seen: Seen) -> Float[Tensor, " batch"]:
        """Return scores."""
        tokens = self.stand_in.said = seen["tokens"].flatten(1, 2)
        with torch.autocast(tokens.device.type, torch.bfloat16):
            score: Tensor = self.network(tokens.new_zeros(len(tokens), 3, SIDE, SIDE))
        return score[:, 0]


class HyperIqa(Peer):
    """HyperIQA (Su et al., CVPR 2020) on EfficientNet-Lite0: the layers that read the backbone's stages are made anew,
    for as many channels as those have."""

    branch, places = "cnn", "stages 1 to 4"

    def __init__(self, file: str) -> None:
        module = _module("hypernet_arch")
        with _trunk_of(module, "tf_efficientnet_lite0", branch="cnn", file=file):
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
        self.stand_in.said = [None, *stages]  # of the first stage it makes nothing
        score: Tensor = self.network.forward_patch(stages[0].new_zeros(len(stages[0]), 3, SIDE, SIDE))
        return score[:, 0]


PEERS: Mapping[str, type[Maniqa] | type[HyperIqa]] = {"maniqa": Maniqa, "hyperiqa": HyperIqa}


@torch.no_grad()
def main() -> None:
    """Print, for each peer, the spread of the whole network's scores and how far those of its parts are from them."""
    torch.manual_seed(0)
    crops = torch.rand(4, 1, 1, 1) * torch.rand(4, 3, SIDE, SIDE)
    for name, kind in PEERS.items():
        peer = kind("random").eval()
        whole, score = put_together(peer), {}
        with patch("torch.autocast", lambda *_, **__: nullcontext()):
            score["in full"] = peer(peer.see(crops))
        score["as it runs"] = peer(peer.see(crops))
        expected = whole(crops)[:, 0]
        apart = {which: f"{(one - expected).abs().max():.1e} apart" for which, one in score.items()}
        print(f"{name}: scores spread by {expected.std():.1e};", *(f"{which} {one};" for which, one in apart.items()))


def put_together(peer: Maniqa | HyperIqa) -> Callable[[Pixels], Tensor]:
    """Return a copy of the network of pyiqa as it was, which normalises as the backbone's weights want it and takes a
    crop as it is."""
    network = deepcopy(peer.network)
    network.default_mean, network.default_std = peer.mean[None], peer.std[None]
    if isinstance(peer, HyperIqa):
        network.base_model = deepcopy(peer.backbone)
        return network.forward_patch
    del network.extract_feature
    network.vit = deepcopy(peer.backbone)  # whose hooks, copied with it, tell a copy of save_output
    hooks = [hook for block in network.vit.blocks for hook in block._forward_hooks.values()]
    network.save_output = hooks[0]
    network.fc_score, network.fc_weight = network.fc_score.part, network.fc_weight.part

    def scored(crops: Pixels) -> Tensor:
        with patch.object(_module("maniqa_arch"), "uniform_crop", lambda images, **_: images):
            return network(crops)

    return scored


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
def _trunk_of(module: Any, name: str, *, branch: str, file: str) -> Iterator[None]:
    """Hand a module of pyiqa this backbone with weights of a file (or ``random``), whatever it asks timm for."""
    settings = {"features_only": True} if branch == "cnn" else {"num_classes": 0, "dynamic_img_size": True}
    network = create_network(name, branch=branch, **settings)
    load_weights(network, name=name, weights=file, branch=branch)
    with patch.object(module.timm, "create_model", lambda *_, **__: network):
        yield


if __name__ == "__main__":
    main()
