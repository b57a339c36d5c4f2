"""The model that comes with the package: what it may be made of, what it is, what it does."""

import csv
import re
from collections import Counter
from io import BytesIO
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from safetensors.torch import load_file

import ksiqa
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.inference.found_model import SHIPPED
from ksiqa.model.ensemble import members
from ksiqa.model.mental_imagery import ResidualImagery
from ksiqa.predict import main

ROOT = Path(__file__).parents[1]
EXPERIMENT = ROOT / "experiments" / "shipped"


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def test_no_photograph_for_research_only_took_part():
    rows = _rows(EXPERIMENT / "photographs.csv")
    assert len(rows) == len({row["sha256"] for row in rows}) == 69
    for row in rows:
        assert re.match(r"CC-BY|CC0|PD|public domain", row["licence"]), row
        assert not re.search("research|non-commercial|per image|unknown|NC", row["licence"]), row


@pytest.mark.real_data
def test_the_list_says_what_the_source_of_the_photographs_says(shared):
    sources = {row["image"]: row["licence"] for row in _rows(shared / "datasets" / "pristine" / "SOURCES.csv")}
    for row in _rows(EXPERIMENT / "photographs.csv"):
        assert sources[row["image"]] == row["licence"]


@pytest.fixture(scope="module")
def model() -> ksiqa.Scorer:
    return ksiqa.load()


@pytest.fixture(scope="module")
def coffee() -> Image.Image:
    return Image.fromarray(demo_photographs()["coffee"][:280, :280])


def test_it_is_small_and_has_all_parts(model):
    assert (SHIPPED / "model.safetensors").stat().st_size <= 25 * 2**20
    student, teacher = model.trained.student, model.trained.teacher
    assert student.feature_extraction.vit.blocks == [5, 7]
    assert student.feature_extraction.cnn is not None
    each = members(student)
    assert len(each) == 3
    assert all(isinstance(one.imagery, ResidualImagery) and one.regressor.ordinal is not None for one in each)
    readout = student.feature_extraction.damage
    assert all(getattr(readout, f"{name}_direction").any() for name in ("vit", "cnn"))
    assert student.regressor.damage_weight > 0
    assert teacher.decoder is student.decoder
    numbers = Counter[torch.dtype]()
    for value in load_file(SHIPPED / "model.safetensors").values():
        numbers[value.dtype] += value.numel()
    assert numbers[torch.int8] > 0.9 * numbers.total()


@pytest.mark.parametrize(
    "worse",
    [
        lambda image: encoded(image, "JPEG", quality=10),
        lambda image: encoded(image, "AVIF", quality=10),  # no training distortion
        lambda image: image.filter(ImageFilter.GaussianBlur(4)),
        lambda image: noisy(image, deviation=40),
    ],
    ids=["jpeg", "avif", "blur", "noise"],
)
def test_what_is_plainly_worse_scores_lower(model, coffee, worse):
    """By itself, and against the original."""
    assert model.score(worse(coffee)).score < model.score(coffee).score - 0.05
    assert model.score(worse(coffee), coffee).score < model.score(coffee, coffee).score - 0.05


def test_a_score_has_an_interval_on_the_scale_of_the_labels(model, coffee):
    scored = model.score(coffee)
    assert 0 <= scored.low < scored.score < scored.high <= 1
    assert scored.scale == "livec"
    assert scored.score_raw == pytest.approx(100 * scored.score)


@pytest.mark.parametrize("size", [(32, 32), (57, 1301)])
def test_small_and_narrow_images_have_a_score(model, coffee, size):
    assert 0 < model.score(coffee.resize(size)).score < 1


def test_the_terminal_needs_no_model_to_be_named(coffee, tmp_path, capsys):
    coffee.save(tmp_path / "coffee.png")
    assert main([str(tmp_path), "--output", str(tmp_path / "scores.csv"), "--workers", "0"]) in (0, None)
    (row,) = _rows(tmp_path / "scores.csv")
    assert float(row["score"]) == pytest.approx(ksiqa.load().score(coffee).score, abs=1e-6)


def test_the_card_says_what_the_experiment_measured(model):
    rows = _rows(EXPERIMENT / "results.csv")
    assert len(rows) == 10
    found = median(float(row["test/srcc"]) for row in rows)
    card = (SHIPPED / "README.md").read_text()
    assert f"| srcc | {found:.3f} |".replace("0.", ".") in card
    for row in _rows(EXPERIMENT / "ladders.csv"):
        assert (
            f"| {row['kind']} | {short(row['monotone'])} | {short(row['falling_steps'])} | {row['mean_scores']} |"
            in card
        )
    assert f"- {sum(one.numel() for one in model.trained.student.parameters()):,} parameters, " in card
    assert f"the mean of {len(members(model.trained.student))} students" in card
    assert "University of Texas at Austin" in card


def short(share: str) -> str:
    """As a card writes it."""
    return f"{float(share):.3f}".removeprefix("0")


def encoded(image: Image.Image, form: str, **settings: int) -> Image.Image:
    stream = BytesIO()
    image.save(stream, format=form, **settings)
    return Image.open(stream).convert("RGB")


def noisy(image: Image.Image, *, deviation: float) -> Image.Image:
    pattern = np.random.default_rng(0).standard_normal((*image.size[::-1], 3))
    return Image.fromarray(np.clip(np.asarray(image) + deviation * pattern, 0, 255).astype(np.uint8))
