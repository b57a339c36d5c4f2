import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ksiqa.errors import ConfigError
from ksiqa.loss.weighted import TERMS, Weighted


def test_the_weighted_sum() -> None:
    total = Weighted({"mse": 1, "ordinal": 0.005, "plcc": 0.5})
    terms = {"mse": torch.tensor(0.25), "ordinal": torch.tensor(20.0), "plcc": torch.tensor(0.5)}
    assert total(terms).item() == pytest.approx(0.25 + 0.1 + 0.25)


@given(st.dictionaries(st.sampled_from(sorted(TERMS)), st.floats(0.01, 10)), st.floats(0.01, 10))
def test_any_weights(weights: dict[str, float], anchor: float) -> None:
    weights = weights | {"mse": anchor}
    terms = {name: torch.tensor(float(i), dtype=torch.float64) for i, name in enumerate(weights)}
    expected = sum(weights[name] * i for i, name in enumerate(weights))
    assert Weighted(weights)(terms).item() == pytest.approx(expected)


def test_both_branches_carry_the_same_term() -> None:
    terms = {
        "student/mse": torch.tensor(1.0),
        "train/teacher/mse": torch.tensor(2.0),
        "mse": torch.tensor(4.0),
    }
    assert Weighted({"mse": 2.0})(terms).item() == 14


def test_gradients_are_the_weights() -> None:
    a, b = (torch.tensor(1.0, requires_grad=True) for _ in "ab")
    Weighted({"mse": 3.0, "imagery_cosine": 0.25})({"student/mse": a, "student/imagery_cosine": b}).backward()
    assert (a.grad, b.grad) == (torch.tensor(3.0), torch.tensor(0.25))


def test_active_names_have_a_weight() -> None:
    total = Weighted({"mse": 1.0, "plcc": 0.0, "sharing_score": 0.1})
    assert total.active == {"mse", "sharing_score"}
    assert total({"mse": torch.tensor(0.5)}).item() == 0.5  # a missing term is no error


def test_a_term_without_a_weight_is_not_left_out_in_silence() -> None:
    with pytest.raises(ConfigError, match=r"found: loss term=plcc\nexpected: one of mse"):
        Weighted({"mse": 1.0, "plcc": 0.0})({"mse": torch.tensor(1.0), "student/plcc": torch.tensor(math.nan)})


def test_a_step_without_terms() -> None:
    with pytest.raises(ConfigError, match="found: a step without any loss term\nexpected: one of mse"):
        Weighted({"mse": 1.0})({})


def test_an_unknown_name_is_told_its_nearest() -> None:
    with pytest.raises(ConfigError, match=r"found: loss term=plc\n(.*\n)*do: set loss term=plcc"):
        Weighted({"mse": 1.0, "plc": 1.0})


@pytest.mark.parametrize("weight", [-0.1, math.nan, math.inf])
def test_a_weight_without_meaning(weight: float) -> None:
    with pytest.raises(ConfigError, match=r"found: loss\.weights\.mse=(-0.1|nan|inf)\nexpected: a finite weight"):
        Weighted({"mse": weight})


@pytest.mark.parametrize("weights", [{}, {"mse": 0.0}])
def test_nothing_to_learn_from(weights: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"found: loss\.weights with no weight above 0"):
        Weighted(weights)


@pytest.mark.parametrize("name", ["plcc", "rank"])
def test_terms_without_a_scale_need_an_anchor(name: str) -> None:
    with pytest.raises(ConfigError, match=f"found: loss.weights.{name}=1 without .*\n.*{name} knows no scale"):
        Weighted({name: 1.0, "mse": 0.0, "sharing_score": 1.0})
    for anchor in ("mse", "smooth_l1"):
        assert Weighted({name: 1.0, anchor: 0.1}).active == {name, anchor}


def test_every_term_has_a_meaning() -> None:
    assert all(meaning and "\n" not in meaning for meaning in TERMS.values())
