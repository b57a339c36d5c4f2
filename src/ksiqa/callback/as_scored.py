"""A task in the middle of training, as it would be scored."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def as_scored(module: nn.Module) -> Iterator[None]:
    """Let all parts be in evaluation, without gradients; afterwards each is as it was (frozen parts have their own)."""
    modes = {part: part.training for part in module.modules()}
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, mode in modes.items():
            part.training = mode
