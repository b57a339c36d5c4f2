"""The bare trunk: both backbones and nothing else, in a loop of our own; what every contestant is held against."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from ksiqa.benchmark.setting import Setting
from ksiqa.model.feature_extraction import FeatureExtraction

LR = 1e-5  # of a loss that means nothing: any that keeps the numbers finite


class Trunk(nn.Module):
    """The mean over what each backbone says: (batch)."""

    def __init__(self, extraction: FeatureExtraction) -> None:
        super().__init__()
        self.branches: Any = nn.ModuleList(one for one in (extraction.vit, extraction.cnn) if one is not None)

    def forward(self, image: Tensor) -> Tensor:
        """Return a number an image."""
        outputs: list[Any] = []
        for branch in self.branches:
            found = branch.network(branch.normalised(image))
            outputs.append(found[-1] if isinstance(found, list | tuple) else found)
        return torch.stack([one.flatten(1).mean(dim=1) for one in outputs]).sum(dim=0)


def training_step(network: Any, image: Tensor, label: Tensor, *, setting: Setting) -> Callable[[], Tensor]:
    """Return a step of training as one writes it by hand: forward, squared error, backward, AdamW.

    Args:
        network: gives a number an image, or that and a loss of its own; a fused optimiser trains it on a GPU.
        image: of a batch, on the device.
        label: of each image.
        setting: the precision.
    """
    optimiser = torch.optim.AdamW(network.parameters(), lr=LR, fused=setting.device.type == "cuda" or None)

    def step() -> Tensor:
        optimiser.zero_grad(set_to_none=True)
        with in_precision(setting):
            loss = loss_of(network, image, label)
        loss.backward()
        optimiser.step()
        return loss

    return step


def loss_of(network: Any, image: Tensor, label: Tensor) -> Any:
    """Return the squared error of a batch, and what the network adds to it."""
    found = network(image)
    score, own = found if isinstance(found, tuple) else (found, 0.0)
    return nn.functional.mse_loss(score.float().view(-1), label) + own


def in_precision(setting: Setting) -> AbstractContextManager[Any]:
    """Return the context that a network runs in."""
    return torch.autocast(setting.device.type, dtype=setting.dtype, enabled=setting.dtype != torch.float32)


def compiled(network: Any, mode: str) -> Any:
    """Return a network as a mode runs it: ``eager`` as it is, else compiled for each size by itself."""
    if mode == "eager":
        return network
    return torch.compile(network, mode="reduce-overhead" if mode == "graphs" else None, dynamic=False)
