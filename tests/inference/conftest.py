"""A small model as training would save it, untrained: what matters here is that it comes back the same."""

from typing import Any

import pytest
import torch
from huggingface_hub import constants

from ksiqa.data.facts import Facts
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.data.views import ScoringViews
from ksiqa.inference.model_folder import TrainedModel, save_model
from tests.local_hub import Hub, serving
from tests.tiny import BACKBONE, CELL, MODEL, tiny_model

NAME = "somebody/quality"  # of the model on ``hub``
SCALE = Facts(name="pairs", title="Tiny pairs", label="DMOS", low=0.0, high=100.0, higher_is_better=False)


def saved(*, fr: bool = True, views: ScoringViews | None = None, short_side: int | None = None, **changes: Any):
    """Return a TrainedModel of tiny parts with random weights, also where training starts at zero."""
    torch.manual_seed(0)
    network = tiny_model(sources=("pairs",), **changes).eval()
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return TrainedModel(
        network=network,
        model={**MODEL, **{key: value for key, value in changes.items() if key != "backbone"}},
        backbone={**BACKBONE, **changes.get("backbone", {})},
        scales={"pairs": SCALE},
        source="pairs",
        fr_source="pairs" if fr else None,
        views=views or ScoringViews(kind="whole", side=48, grid=1, cell=CELL),
        short_side=short_side,
        batch_size=8,
        training={"seed": 0},
    )


@pytest.fixture(scope="session")
def image():
    """A part of a photograph, 70 x 100 pixels."""
    return demo_photographs()["coffee"][100:170, 100:200]


@pytest.fixture(scope="session")
def student() -> TrainedModel:
    """A student whose teacher was trained with it."""
    return saved()


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """A model with two files beside it that nobody needs."""
    folder = tmp_path_factory.mktemp("hub")
    save_model(saved(), folder)
    model = {file.name: file.read_bytes() for file in folder.iterdir()}
    return {**model, "pytorch_model.bin": b"a pickle", "modeling.py": b"raise SystemExit"}


@pytest.fixture
def hub(files, tmp_path, monkeypatch):
    """A hub with a model, that huggingface_hub takes for the real one."""
    with serving(Hub()) as served:
        served.models[NAME] = {"main": dict(files), "v1": {**files, "README.md": b"older"}}
        monkeypatch.setattr(constants, "ENDPOINT", served.address)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", served.address + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.chdir(tmp_path)
        yield served
