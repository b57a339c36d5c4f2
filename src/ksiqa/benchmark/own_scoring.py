"""KSIQA's scoring of whole images as ``ksiqa.load(...).score`` does it, from decoded pixels; and that by its export."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from numpy import ndarray

from ksiqa import build
from ksiqa.benchmark.counts import flops_of
from ksiqa.benchmark.setting import SOURCE, Setting
from ksiqa.benchmark.stints import Contestant, timed
from ksiqa.data.facts import Facts
from ksiqa.data.views import ScoringViews
from ksiqa.inference.exporting import onnx_form
from ksiqa.inference.exporting.program import ScoringNetwork, captured
from ksiqa.inference.model_folder import TrainedModel
from ksiqa.inference.scoring import Scorer

KINDS = {"teacher": "student", "student": "student", "plain": "plain"}  # the student's model has a teacher inside
DTYPES = {"32-true": "float32", "bf16-mixed": "bfloat16"}
PARTS = ("feature_extraction", "imagery", "decoder", "body", "regressor")  # of a network, each compiled by itself
ONNX = "onnx"  # the mode of ONNX Runtime
Pixels = UInt8[ndarray, "rows columns 3"]


def scorings(setting: Setting) -> Iterator[Contestant]:
    """Yield teacher, student, plain trunk in each mode and batch size; on the CPU the student by ONNX Runtime too."""
    pixels = whole_image(setting)
    for name, kind in KINDS.items():
        if not setting.wants(name):
            continue
        for mode in setting.modes:
            trained = trained_model(setting, kind)
            counted = Scorer(trained, device=str(setting.device), batch_size=max(setting.scoring_batches))
            flops = flops_of(scoring(counted, pixels, batch=1, pairs=name == "teacher"))
            for batch in setting.scoring_batches:
                scorer = Scorer(trained, device=str(setting.device), dtype=DTYPES[setting.precision], batch_size=batch)
                if mode != "eager":  # now: a copy on another device would not be compiled
                    compile_parts(scorer.trained.network, mode)
                step = scoring(scorer, pixels, batch=batch, pairs=name == "teacher", graphs=mode == "graphs")
                yield _contestant(name, mode, batch, step, flops=batch * flops, setting=setting)
    if setting.device.type == "cpu" and setting.precision == "32-true" and setting.wants("student"):
        yield from _exported(setting, pixels)


def whole_image(setting: Setting) -> Pixels:
    """Return noise of the size of whole images."""
    shape = (setting.rows, setting.columns, 3)
    return np.random.default_rng(0).integers(256, size=shape, dtype=np.uint8)


def trained_model(setting: Setting, kind: str) -> TrainedModel:
    """Return a model as it comes from its folder, but that nobody trained it."""
    config, network = setting.model(kind)
    network.eval().requires_grad_(False)
    facts = Facts(name=SOURCE, title="noise", label="MOS", low=0.0, high=1.0, higher_is_better=True)
    cell = network.feature_extraction.cell
    return TrainedModel(
        network=network,
        model=build.plain(config.model),
        backbone=build.plain(config.backbone),
        scales={SOURCE: facts},
        source=SOURCE,
        fr_source=SOURCE if kind == "student" else None,
        views=ScoringViews(kind="whole", side=setting.side, grid=1, cell=cell),
        short_side=None,
        batch_size=1,
        training={},
    )


def scoring(scorer: Scorer, pixels: Pixels, *, batch: int, pairs: bool, graphs: bool = False) -> Callable[[], object]:
    """Return a step that scores a batch of an image; ``graphs``: by parts each of which is a CUDA graph."""
    images = [pixels] * batch

    def step() -> object:
        if graphs:  # else each part would begin a step, and free what the part before it handed over
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]  # torch gives it no types
        return scorer.score(images, images if pairs else None)

    return step


def compile_parts(network: Any, mode: str) -> None:
    """Compile the parts of a network where they are, for each size by itself: their names stay."""
    for name in PARTS:
        part = getattr(network, name, None)
        if part is not None:
            part.compile(mode="reduce-overhead" if mode == "graphs" else None, dynamic=False)


def _contestant(
    name: str, mode: str, batch: int, step: Callable[[], object], *, flops: int, setting: Setting
) -> Contestant:
    stint = timed(step, device=setting.device)
    return Contestant(name=name, work="scoring", mode=mode, batch=batch, stint=stint, flops=flops)


def _exported(setting: Setting, pixels: Pixels) -> Iterator[Contestant]:
    """Yield the student by ONNX Runtime on as many threads as torch has; nothing where that is not installed."""
    if any(not onnx_form.installed(name) for name in onnx_form.PACKAGES):
        return
    trained = trained_model(setting, KINDS["student"])
    network = ScoringNetwork(trained, full_reference=False).eval()
    scorer = Scorer(trained)
    flops = flops_of(scoring(scorer, pixels, batch=1, pairs=False))
    with torch.no_grad():
        program = captured(network)
    content = onnx_form.onnx_bytes(program, network, told="", results=["score", "levels", "quality_map"])
    scored = onnx_form.opened(content, results=["score"], threads=torch.get_num_threads())
    rows, columns = (side // network.cell * network.cell for side in (setting.rows, setting.columns))
    for batch in setting.scoring_batches:

        def step(batch: int = batch) -> object:
            image = torch.from_numpy(pixels[:rows, :columns]).permute(2, 0, 1).float() / 255
            return scored(image.expand(batch, -1, -1, -1).contiguous())

        yield _contestant("student", ONNX, batch, step, flops=batch * flops, setting=setting)
