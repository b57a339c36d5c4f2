"""docs/troubleshooting.md quotes what the code says: each error is caused here. ``…`` stands for words that vary."""

import errno
import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import constants

from ksiqa import build, train
from ksiqa.data.soundness import Soundness
from ksiqa.data.source import released, table
from ksiqa.data.views import TrainingViews
from ksiqa.errors import KsiqaError, told
from ksiqa.files import alone_in, storage_error
from ksiqa.inference.found_model import model_folder
from ksiqa.loss.weighted import Weighted
from ksiqa.task.finite_terms import FiniteTerms
from ksiqa.task.regime_check import check_pairs, check_regime
from ksiqa.training.trainers import check_trainer
from ksiqa.weights import load_weights
from tests.runs import composed
from tests.tiny import quality_data, table_images, tiny_model

PAGE = Path(__file__).parents[1] / "docs" / "troubleshooting.md"
QUOTED = re.findall(r"^## (.*?)\n.*?^```text\n(.*?)^```$", PAGE.read_text(), flags=re.M | re.S)
READ = {"allow_missing": False, "keep_in_memory": False, "short_side": None, "cache": "cache"}
COLUMNS = {"image": "image", "score": "score", "reference": None, "content": None, "label": "MOS"}
MEANT = {"low": None, "high": None, "higher_is_better": None}


def _twice_in_a_folder():
    Path("outputs").mkdir()
    with alone_in(Path("outputs")), alone_in(Path("outputs")):
        pass


def _no_room():
    raise storage_error(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "outputs/last.ckpt"))


def _broken_photograph():
    Path("broken.jpg").write_bytes(b"\xff\xd8\xff no image")
    look = Soundness(on_bad="stop", pixel_limit=10**6, workers=1, cache=Path("cache"))
    look.of_photographs([Path("broken.jpg")], name="folder", size=None)


def _nan():
    terms = FiniteTerms()
    terms.start(120, rows={})
    terms.add({"koniq10k/student/mse": torch.tensor(float("nan"))})


@pytest.fixture
def causes(photographs, tmp_path, monkeypatch):
    """What causes each error, by the heading that it is quoted under."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (tmp_path / "images").mkdir()
    without_references = quality_data(table_images(photographs, references=False, name="livec"))
    rng = np.random.default_rng(0)
    one_branch = {"name": "resnet50", "branch": "cnn"}
    return {
        "A name of a config that is not there": lambda: train.main(["+experiment=konik"]),
        "A key that is not there": lambda: train.main(["model.fusoin=add"]),
        "A value that is none of the choices": lambda: check_pairs("jont", given=False),
        "No folder for a released set": lambda: released(name="livec", root=None, **READ),
        "A folder that is not the set's": lambda: released(name="livec", root="images", **READ),
        "A table whose scale is not told": lambda: table(file="scores.csv", root=None, **COLUMNS, **MEANT, **READ),
        "Images that cannot be used": _broken_photograph,
        "Images smaller than the crops": lambda: TrainingViews(side=224, distinct=None).crops((180, 320), rng),
        "Pretrained weights without a network": lambda: load_weights(torch.nn.Identity(), weights="hub", **one_branch),
        "A file of weights that is not there": lambda: load_weights(
            torch.nn.Identity(), weights="resnet50.pth", **one_branch
        ),
        "A regime that wants pairs": lambda: check_pairs("transfer", given=False),
        "A regime that wants references": lambda: check_regime(
            "joint", tiny_model(), target=without_references, pairs=None
        ),
        "Frozen backbones without a number of crops": lambda: build.keep_frozen(
            without_references,
            tiny_model(backbone={"frozen": ["cnn"]}).feature_extraction,
            cache=Path("cache"),
            ridge=False,
        ),
        "A loss without a scale": lambda: Weighted({"plcc": 1.0}),
        "No GPU": lambda: check_trainer(composed("train", "strategy=gpu")),
        "A loss that is no number": _nan,
        "A full disk": _no_room,
        "Two processes in one folder": _twice_in_a_folder,
        "A model that is not there": lambda: model_folder("outputs/none"),
    }


def test_each_quoted_error_is_what_the_code_says(causes, capsys):
    assert [heading for heading, _ in QUOTED] == list(causes)
    for heading, text in QUOTED:
        with pytest.raises((KsiqaError, SystemExit)) as caught:
            causes[heading]()
        said = told(caught.value) if isinstance(caught.value, KsiqaError) else capsys.readouterr().err
        pattern = ".*".join(re.escape(part) for part in text.strip().split("…"))
        assert re.fullmatch(pattern, said.strip(), flags=re.S), said
