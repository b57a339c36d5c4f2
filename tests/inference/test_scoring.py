from dataclasses import replace

import numpy as np
import pytest
import torch

from ksiqa.batch import View
from ksiqa.data.facts import Facts
from ksiqa.data.image_pairs import ScoringViews
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.data.transform import shrunk
from ksiqa.errors import ConfigError, ImageError, ModelFolderError
from ksiqa.inference.scoring import score_image
from tests.inference.conftest import saved
from tests.tiny import tiny_model


@pytest.fixture(scope="module")
def image():
    return demo_photographs()["coffee"][100:170, 100:200]


def test_a_score_is_deterministic(student, image):
    torch.manual_seed(1)
    first = score_image(student, image)
    torch.rand(3)
    assert score_image(student, image.copy()) == first


def test_the_score_is_the_networks_on_the_trimmed_image(student, image):
    """70 x 100 pixels are 64 x 96 in whole tokens, cut evenly."""
    cut = torch.tensor(image[3:67, 2:98]).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        expected = student.network(View(cut), source="pairs").score.item()
    assert score_image(student, image).score == pytest.approx(expected, abs=1e-6)


def test_the_raw_score_is_on_the_scale_of_the_source(student, image):
    found = score_image(student, image)
    assert found.score_raw == pytest.approx(100 * (1 - found.score))  # a DMOS: higher is worse


def test_a_scale_can_be_chosen_among_those_that_the_model_knows(image):
    """Two sources: the second one's images are made smaller, its scale rises with quality."""
    two = saved()
    network = tiny_model(sources=("pairs", "other")).eval()
    network.regressor.calibration.shift["other"].data.fill_(2.0)
    other = Facts(name="other", title="Other", label="MOS", low=1.0, high=5.0, higher_is_better=True)
    two = replace(two, network=network, scales={**two.scales, "other": other}, short_sides={"other": 48})
    main, chosen = score_image(two, image), score_image(two, image, scale="other")
    assert (main.scale, chosen.scale) == ("pairs", "other")
    assert main == score_image(two, image, scale="pairs")
    assert chosen.score_raw == pytest.approx(1 + 4 * chosen.score)
    small = View(torch.tensor(shrunk(image, short_side=48)[:, 2:66]).permute(2, 0, 1)[None].float() / 255)
    with torch.inference_mode():
        assert chosen.score == pytest.approx(network(small, source="other").score.item(), abs=1e-6)
    against = score_image(two, image, image, scale="other")
    assert against.scale == "other"
    with pytest.raises(ConfigError, match=r"found: scale=pair\nexpected: one of other, pairs\ndo: set scale=pairs"):
        score_image(two, image, scale="pair")


def test_the_views_are_averaged(image):
    grid = saved(views=ScoringViews(kind="grid", side=48, grid=2, cell=16))
    corners = [image[top : top + 48, left : left + 48] for top in (0, 22) for left in (0, 52)]
    alone = [score_image(grid, np.ascontiguousarray(corner)).score for corner in corners]
    assert score_image(grid, image).score == pytest.approx(np.mean(alone), abs=1e-6)


def test_larger_images_are_made_smaller_as_in_training(image):
    large = np.repeat(np.repeat(image, 2, axis=0), 2, axis=1)
    small = saved(short_side=70)
    assert score_image(small, large).score == pytest.approx(score_image(small, image).score, abs=0.02)


def test_a_reference_is_used(student, image):
    same, other = (score_image(student, image, reference).score for reference in (image, image[::-1].copy()))
    assert same != other
    assert score_image(student, image, image) == score_image(student, image, image.copy())


def test_a_reference_of_another_size(student, image):
    with pytest.raises(
        ImageError, match=r"found: an image of 100x70 and a reference of 99x70\nexpected: one size, .*\ndo: hand in"
    ):
        score_image(student, image, image[:, 1:])


def test_a_model_without_a_trained_teacher_refuses_a_reference(image):
    alone = saved(fr=False)
    assert 0 < score_image(alone, image).score < 1
    with pytest.raises(
        ModelFolderError,
        match=r"found: a model without a trained teacher \(fr: false\) and a reference\nexpected: .*\ndo: leave the",
    ):
        score_image(alone, image, image)


def test_a_teacher_alone_wants_a_reference(image):
    with pytest.raises(
        ModelFolderError, match=r"found: a model that holds a teacher alone\nexpected: a student, .*\ndo: hand in the"
    ):
        score_image(saved(kind="teacher"), image)


def test_an_image_smaller_than_a_token(student):
    with pytest.raises(ImageError, match=r"found: an image of 40x9\nexpected: at least 16x16 pixels\ndo: leave the"):
        score_image(student, np.zeros((9, 40, 3), dtype=np.uint8))
