"""A trained model as a folder: ``model.safetensors``, ``config.json`` and, for the reader, a card.

Whoever wrote it, nothing in it is ever executed or fetched, and opening it takes memory in proportion to its size.
"""

import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from ksiqa import __version__
from ksiqa.data.facts import Facts
from ksiqa.data.views import ScoringViews
from ksiqa.errors import KsiqaError, ModelFolderError
from ksiqa.files import storage_error, write_whole
from ksiqa.inference.model_card import model_card
from ksiqa.inference.model_config import FORMAT, read_config
from ksiqa.inference.model_weights import read_weights, tensor_bytes, weights_as
from ksiqa.metric.interval import half_width
from ksiqa.model import compose
from ksiqa.model.plain import Plain
from ksiqa.model.student import Student
from ksiqa.model.teacher import Teacher

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
TOLD = 500  # characters of what a folder's error says: names in it may be of any length


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """A model and all that scoring with it needs.

    ``scales`` are the facts of each source of scores; ``source`` is the one whose scale no-reference scores are on,
    ``fr_source`` the one of full-reference scores, None where the model has no trained teacher. ``batch_size`` is the
    one it was tested with: in the last digits scores depend on it. ``short_sides`` are those of a mix's other sets.
    ``residuals`` are the errors on validation parts, by model (``student``, ``teacher``) and source, in units of each
    image's doubt where ``in_doubts``: see ``ksiqa.metric.interval``. Models of earlier versions have them as they are.
    """

    network: Student | Plain | Teacher
    model: dict[str, Any]  # what ``compose`` was given
    backbone: dict[str, Any]
    scales: dict[str, Facts]
    source: str
    fr_source: str | None
    views: ScoringViews
    short_side: int | None
    batch_size: int
    training: dict[str, Any]  # how it came about: for the reader, not for the code
    short_sides: dict[str, int | None] = field(default_factory=dict)
    residuals: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    in_doubts: bool = False

    @property
    def student(self) -> Student | Plain | None:
        """The no-reference model, if there is one."""
        return None if isinstance(self.network, Teacher) else self.network

    @property
    def teacher(self) -> Teacher | None:
        """The full-reference model, if it was trained."""
        if isinstance(self.network, Teacher):
            return self.network
        if self.fr_source is None or not isinstance(self.network, Student):
            return None
        return self.network.teacher()

    def half_width(self, *, model: str, source: str, coverage: float, doubt: float | None) -> float | None:
        """Return the half width of the interval around a score of ``model``; see ``ksiqa.metric.interval``."""
        errors = self.residuals.get(model, {}).get(source)
        return half_width(errors, coverage=coverage, doubt=doubt if self.in_doubts and doubt else 1.0)

    def short_side_of(self, source: str) -> int | None:
        """The short side to which larger images of a source are made smaller, or None."""
        return self.short_sides.get(source, self.short_side)


def save_model(trained: TrainedModel, folder: Path, *, dtype: torch.dtype = torch.float32) -> None:
    """Write a model folder, each file whole or not at all.

    Args:
        trained: the model.
        folder: made where it is not there.
        dtype: of the weights in the file: float32, float16 or int8; see ``weights_as``. They are read as float32.

    Raises:
        StorageError: it cannot be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error) or error from error
    with write_whole(folder / WEIGHTS, "wb") as file:
        file.write(save(weights_as(dtype, of=trained.network)))
    describe(trained, folder)


def describe(trained: TrainedModel, folder: Path) -> None:
    """Write what a model folder says of its weights: config and card."""
    with write_whole(folder / CONFIG) as file:
        json.dump(_config(trained), file, indent=2)
    with write_whole(folder / CARD) as file:
        file.write(card(trained, size=tensor_bytes(folder / WEIGHTS)))


def card(trained: TrainedModel, *, size: int | None = None) -> str:
    """Return the card of a model whose weights take ``size`` bytes, None as they are now; see ``model_card``."""
    parameters = sum(one.numel() for one in trained.network.parameters())
    as_now = sum(one.numel() * one.element_size() for one in trained.network.state_dict().values())
    return model_card(_config(trained), parameters=parameters, size=as_now if size is None else size)


def _config(trained: TrainedModel) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": __version__,
        "model": trained.model,
        "backbone": _without_weights(trained.backbone),
        "source": trained.source,
        "fr": trained.fr_source is not None,
        "fr_source": trained.fr_source,
        "scales": {name: _scale(facts) for name, facts in trained.scales.items()},
        "views": vars(trained.views),
        "short_side": trained.short_side,
        "short_sides": trained.short_sides,
        "residuals": trained.residuals,
        "in_doubts": trained.in_doubts,
        "batch_size": trained.batch_size,
        "training": trained.training,
    }


def load_model(folder: Path) -> TrainedModel:
    """Open a model folder; the model is in evaluation mode, on the CPU.

    Raises:
        ModelFolderError: it is no model folder, or weights and config do not match.
    """
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise ModelFolderError(
                found=f"no {name} in {folder}",
                expected=f"a trained model: a folder with {CONFIG} and {WEIGHTS}",
                do="name the model/ folder that a training run printed at its end",
            )
    try:
        return _trained(read_config(folder / CONFIG), folder)
    except ModelFolderError:
        raise
    except KsiqaError as error:
        raise ModelFolderError(
            found=f"{folder / CONFIG}: {error.found[:TOLD]}", expected=error.expected, do=error.do
        ) from error
    except Exception as error:  # a folder that was not written by ksiqa fails in many ways
        raise ModelFolderError(
            found=f"a model folder {folder} that does not match: {type(error).__name__}: {str(error)[:TOLD]}",
            expected=f"{CONFIG} and {WEIGHTS} as one training run wrote them",
            do="copy the folder again, both files together",
        ) from error


def _trained(config: dict[str, Any], folder: Path) -> TrainedModel:
    scales = {name: Facts(name=name, **values) for name, values in config["scales"].items()}
    build = partial(
        compose, model=config["model"], backbone=_with_random_weights(config["backbone"]), sources=list(scales)
    )
    with torch.device("meta"):  # without memory, whatever sizes the config tells
        wanted = build().state_dict()
    state = read_weights(folder / WEIGHTS, wanted=wanted)
    network = build()
    network.load_state_dict(state)  # copied: ``state`` is the mapped file, which may be written over
    network.eval().requires_grad_(False)
    return TrainedModel(
        network=network,
        model=config["model"],
        backbone=config["backbone"],
        scales=scales,
        source=config["source"],
        fr_source=config["fr_source"],
        views=ScoringViews(**config["views"]),
        short_side=config["short_side"],
        short_sides=config["short_sides"],
        residuals=config["residuals"],
        in_doubts=config["in_doubts"],
        batch_size=config["batch_size"],
        training=config["training"],
    )


def _scale(facts: Facts) -> dict[str, Any]:
    keys = ("title", "label", "low", "high", "higher_is_better")
    return {key: getattr(facts, key) for key in keys}


def _branches(backbone: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: value for name, value in backbone.items() if name in ("vit", "cnn") and value}


def _without_weights(backbone: dict[str, Any]) -> dict[str, Any]:
    """Leave out where the pretrained weights lay: the model's own replace them."""
    return backbone | {
        name: {key: value for key, value in branch.items() if key != "weights"}
        for name, branch in _branches(backbone).items()
    }


def _with_random_weights(backbone: dict[str, Any]) -> dict[str, Any]:
    return backbone | {name: branch | {"weights": "random"} for name, branch in _branches(backbone).items()}
