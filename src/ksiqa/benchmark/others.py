"""What stands beside KSIQA: its bare trunk, and, where the optional package pyiqa can be imported, other models, with
random weights and as that package trains and scores with them: some cut an image into 20 to 50 crops.

pyiqa is never a dependency, and under a licence of its own: ``docs/speed.md`` says how it is installed.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from importlib import import_module
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from ksiqa.benchmark.counts import flops_of
from ksiqa.benchmark.own_scoring import whole_image
from ksiqa.benchmark.setting import Setting
from ksiqa.benchmark.stints import Contestant, timed
from ksiqa.benchmark.trunk import Trunk, compiled, in_precision, loss_of, training_step

TRUNK = "bare trunk"
PEERS = {
    "TOPIQ-NR": ("topiq_arch", "CFANet", {"use_ref": False, "backbone_pretrain": False}),
    "HyperIQA": ("hypernet_arch", "HyperNet", {}),
    "TReS": ("tres_arch", "TReS", {}),
    "MANIQA": ("maniqa_arch", "MANIQA", {}),
}
CROP = 224
CROPPING = ("HyperNet", "TReS", "MANIQA")


def networks(setting: Setting) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield names and what builds the networks; the other models know no smaller images than their crops."""
    yield TRUNK, lambda: Trunk(setting.model("plain")[1].feature_extraction)
    if setting.side != CROP or min(setting.rows, setting.columns) < CROP:
        return
    try:
        import_module("pyiqa.archs")
    except ImportError:
        return
    for name in PEERS:
        if setting.wants(name):
            yield name, partial(peer, name)


def peer(name: str) -> Any:
    """Build one of the other models, with random weights: nothing is downloaded."""
    module_name, kind, told = PEERS[name]
    module = import_module(f"pyiqa.archs.{module_name}")
    with _without_download(module):
        return getattr(module, kind)(pretrained=False, **told)


def others(setting: Setting, *, work: str) -> Iterator[Contestant]:
    """Yield all that stand beside, training or scoring, in each mode and batch size; models that cut an image into
    crops score one image at a time."""
    for name, build in networks(setting):
        for mode in setting.modes:
            torch.manual_seed(0)
            network = build().to(setting.device)
            if setting.strategy == "gpu":
                network = network.to(memory_format=torch.channels_last)
            made = _training(network, setting, mode) if work == "training" else _scoring(network, setting, mode)
            for batch, step, flops in made:
                stint = timed(step, device=setting.device)
                yield Contestant(name=name, work=work, mode=mode, batch=batch, stint=stint, flops=flops)


Step = tuple[int, Callable[[], object], int]


def _training(network: Any, setting: Setting, mode: str) -> Iterator[Step]:
    network.train()
    run = compiled(network, mode)
    for batch in setting.training_batches:
        image = torch.rand(batch, 3, setting.side, setting.side, device=setting.device)
        label = torch.linspace(0, 1, batch, device=setting.device)
        yield batch, training_step(run, image, label, setting=setting), _counted(network, batch, setting.side)


def _counted(network: Any, batch: int, side: int) -> int:
    """Return the operations of a step of training, forward and backward."""
    shadow = deepcopy(network).to("meta")  # shapes without numbers: nothing is computed, and all is counted
    image, label = torch.empty(batch, 3, side, side, device="meta"), torch.empty(batch, device="meta")
    return flops_of(lambda: loss_of(shadow, image, label).backward())


def _scoring(network: Any, setting: Setting, mode: str) -> Iterator[Step]:
    network.eval().requires_grad_(False)
    run = compiled(network, mode)
    cell = 1
    if isinstance(network, Trunk):
        cell = int(setting.model("plain")[1].feature_extraction.cell)
    rows, columns = (side // cell * cell for side in (setting.rows, setting.columns))
    pixels = whole_image(setting)[:rows, :columns]

    @torch.inference_mode()
    def scored(which: Any, batch: int) -> object:
        image: Tensor = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).to(setting.device)
        with in_precision(setting):
            return which(image.float().div(255).expand(batch, -1, -1, -1).contiguous()).tolist()

    shadow = deepcopy(network).to("meta")
    flops = flops_of(lambda: shadow(torch.empty(1, 3, rows, columns, device="meta")))
    crops = type(network).__name__ in CROPPING
    for batch in setting.scoring_batches[:1] if crops else setting.scoring_batches:
        yield batch, partial(scored, run, batch), batch * flops


@contextmanager
def _without_download(module: Any) -> Iterator[None]:
    """Let a module of pyiqa build its backbone with random weights, whatever it asks for."""
    logging.getLogger("pyiqa").setLevel(logging.ERROR)
    for place, name, key, value in (
        ("timm", "create_model", "pretrained", False),
        ("models", "resnet50", "weights", None),
    ):
        if hasattr(module, place):
            real = getattr(getattr(module, place), name)

            def random(*given: Any, _real: Any = real, _told: Any = (key, value), **named: Any) -> Any:
                return _real(*given, **{**named, _told[0]: _told[1]})

            with patch.object(getattr(module, place), name, random):
                yield
            return
    yield
