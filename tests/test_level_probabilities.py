"""Laws of the ordinal heads' probabilities, whatever the logits."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ksiqa.model.ordinal_regression import OrdinalHead

LEVELS = 9
ROUNDING = {torch.float32: 1e-6, torch.bfloat16: 2**-7}  # of numbers up to 1, some of them added up
FINITE = st.one_of(st.floats(-1e4, 1e4, width=32), st.sampled_from([-1e4, 0.0, 1e4]))
PROPERTY = settings(derandomize=True, deadline=None, max_examples=100)

kinds = pytest.mark.parametrize("kind", ["corn", "dorn"])
types = pytest.mark.parametrize("dtype", list(ROUNDING))


def _head(kind, dtype=torch.float32):
    head = OrdinalHead(kind=kind, width=4, levels=LEVELS, sources=("one",))
    head.start_from(
        torch.rand(200, generator=torch.Generator().manual_seed(0)).numpy() ** 2, source="one", bins="quantile"
    )
    return head.to(dtype)


def _thresholds(numbers, kind, dtype):
    logits = torch.from_numpy(numbers).to(dtype)
    return logits if kind == "dorn" else logits[..., 0]


@kinds
@types
@PROPERTY
@given(numbers=arrays("float32", (3, LEVELS - 1, 2), elements=FINITE))
def test_probabilities_of_levels_are_none_negative_sum_to_one_and_those_of_more_never_rise(kind, dtype, numbers):
    found = _head(kind, dtype).probabilities(_thresholds(numbers, kind, dtype))
    assert found.isfinite().all()
    assert (found >= 0).all()
    assert (found.float().sum(dim=1) - 1).abs().max() <= LEVELS * ROUNDING[dtype]
    above = found.double().flip(1).cumsum(1).flip(1)  # P(level >= k)
    assert (above.diff(dim=1) <= 0).all()


@kinds
@types
@PROPERTY
@given(numbers=arrays("float32", (3, LEVELS - 1, 2), elements=FINITE))
def test_the_expected_score_lies_between_the_lowest_and_the_highest_centre(kind, dtype, numbers):
    head = _head(kind, dtype)
    score = head.expected(_thresholds(numbers, kind, dtype), source="one")
    assert score.isfinite().all()
    least, most = head.centres_one[0], head.centres_one[-1]
    assert (score.float() >= least.float() - LEVELS * ROUNDING[dtype]).all()
    assert (score.float() <= most.float() + LEVELS * ROUNDING[dtype]).all()


@types
@PROPERTY
@given(numbers=arrays("float32", (3, LEVELS - 1, 2), elements=FINITE))
def test_corns_probability_to_be_above_never_rises_with_the_level(dtype, numbers):
    above = _head("corn", dtype).exceeding(_thresholds(numbers, "corn", dtype))
    assert (above.diff(dim=1) <= 0).all()
    assert ((above >= 0) & (above <= 1)).all()


@kinds
@PROPERTY
@given(
    numbers=arrays("float32", (1, LEVELS - 1, 2), elements=FINITE),
    threshold=st.integers(0, LEVELS - 2),
    more=st.floats(0, 1e4, width=32),
)
def test_a_higher_logit_of_above_never_lowers_the_score(kind, numbers, threshold, more):
    head, raised = _head(kind), numbers.copy()
    raised[:, threshold, 1 if kind == "dorn" else 0] += more
    one, other = (head.expected(_thresholds(values, kind, torch.float32), source="one") for values in (numbers, raised))
    assert (other >= one - 1e-6).all()
