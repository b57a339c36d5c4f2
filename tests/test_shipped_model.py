"""The model that comes with the package: what it may be made of, what its card says, and that it scores."""

import csv
import json
import re
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest
from PIL import Image
from safetensors import safe_open

import ksiqa
from ksiqa.data.synthetic.demo_photographs import demo_photographs

ROOT = Path(__file__).parents[1]
EXPERIMENT, SHIPPED = ROOT / "experiments" / "shipped", ROOT / "src" / "ksiqa" / "shipped"
MIB = 2**20


@pytest.fixture(scope="module")
def scorer() -> ksiqa.Scorer:
    return ksiqa.load()


@pytest.fixture(scope="module")
def card() -> str:
    return (SHIPPED / "README.md").read_text()


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def test_it_is_small_and_in_half_precision():
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) <= 25 * MIB
    with safe_open(SHIPPED / "model.safetensors", framework="pt") as weights:
        assert {weights.get_slice(name).get_dtype() for name in weights.keys()} <= {"F16", "I64"}  # noqa: SIM118  (no mapping)


def test_no_photograph_for_research_only_took_part():
    rows = _rows(EXPERIMENT / "photographs.csv")
    assert len(rows) == len({row["sha256"] for row in rows}) == 78
    for row in rows:
        assert row["licence"]
        assert not re.search("research|non-commercial|unknown|NC", row["licence"]), row
        assert row["set"] in ("debian_photos", "elementary", "popos", "solus")


@pytest.mark.real_data
def test_the_list_says_what_the_source_of_the_photographs_says(shared):
    sources = {row["image"]: row["licence"] for row in _rows(shared / "datasets" / "pristine" / "SOURCES.csv")}
    for row in _rows(EXPERIMENT / "photographs.csv"):
        assert sources[row["image"]] == row["licence"]


def test_it_learned_from_no_other_photographs():
    """Contents in the training of its pairs are counted by their photographs."""
    told = json.loads((SHIPPED / "config.json").read_text())["training"]
    assert told["pairs"] == "folder"


def test_its_card_tells_the_figures_of_the_experiment(card):
    rows = _rows(EXPERIMENT / "results.csv")
    assert sorted(int(row["split"]) for row in rows) == list(range(10))
    for figure in ("srcc", "plcc", "plcc_fitted"):
        assert f"{median(float(row[f'test/{figure}']) for row in rows):.3f}"[1:] in card
    for row in _rows(EXPERIMENT / "ladders.csv"):
        assert f"| {row['kind']} | {float(row['monotone']):.3f} |".replace(" 0.", " .") in card


def test_its_card_acknowledges_whose_work_it_stands_on(card):
    text = " ".join(card.split())
    for words in (
        "Copyright (c) 2015 The University of Texas at Austin All rights reserved.",
        "Permission is hereby granted, without written agreement and without license or royalty fees",
        "Massive Online Crowdsourced Study of Subjective and Objective Picture Quality",
        "must not be used",
    ):
        assert words in text


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket"])
def test_worse_copies_of_a_photograph_score_lower(name, scorer):
    image = Image.fromarray(demo_photographs()[name][:256, :256])
    scores = []
    for quality in (90, 40, 15, 5):
        stream = BytesIO()
        image.save(stream, format="JPEG", quality=quality)
        scores.append(scorer.score(Image.open(stream)))
    assert all(better.score > worse.score for better, worse in pairwise(scores))
    assert all(0 <= one.low <= one.score <= one.high <= 1 for one in scores)


def test_with_a_reference_a_copy_scores_below_the_photograph_itself(scorer):
    image = Image.fromarray(demo_photographs()["coffee"][:256, :256])
    noisy = Image.effect_noise(image.size, 60).convert("RGB")
    worse = Image.blend(image, noisy, 0.4)
    assert scorer.score(worse, image).score < scorer.score(image, image).score - 0.2
