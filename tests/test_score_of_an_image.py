"""An image's score is its own: whatever batch it comes in, at whatever place."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ksiqa.batch import View
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from tests.tiny import tiny_model

ROWS = 6
PROPERTY = settings(derandomize=True, deadline=None, max_examples=15)


@pytest.fixture(scope="module")
def crops():
    """Different crops of 48 x 64, and the same turned upside down as references."""
    photograph = torch.tensor(demo_photographs()["astronaut"]).permute(2, 0, 1).float() / 255
    images = torch.stack([photograph[:, 40 * row : 40 * row + 48, 30 * row : 30 * row + 64] for row in range(ROWS)])
    return images, images.flip(2)


@pytest.fixture(scope="module", params=["student", "teacher", "plain"])
def scored(request, crops):
    """Score some of the crops by a model of random weights, also where training starts at zero."""
    torch.manual_seed(0)
    model = tiny_model(kind=request.param).eval()
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)

    @torch.no_grad()
    def score(rows):
        views = [View(one[list(rows)]) for one in crops]
        return model(*(views if request.param == "teacher" else views[:1]), source="one").score

    return score


@pytest.fixture(scope="module")
def alone(scored):
    return torch.cat([scored([row]) for row in range(ROWS)])


@PROPERTY
@given(rows=st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=8))
def test_the_score_is_the_same_in_any_batch(scored, alone, rows):
    """Some images, in any order, some of them several times."""
    assert alone.unique().numel() == ROWS
    assert (scored(rows) - alone[rows]).abs().max() < 1e-5


@PROPERTY
@given(order=st.permutations(range(ROWS)))
def test_a_batch_in_another_order_has_its_scores_in_that_order(scored, order):
    assert (scored(order) - scored(range(ROWS))[list(order)]).abs().max() < 1e-5


def test_an_image_alone_has_the_same_score_to_the_bit_each_time(scored, alone):
    assert all(scored([row]).item() == alone[row].item() for row in range(ROWS))
