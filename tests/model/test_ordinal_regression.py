import numpy as np
import pytest
import torch

from ksiqa.errors import ConfigError
from ksiqa.loss import ordinal
from ksiqa.model.ordinal_regression import OrdinalHead

LEVELS = 6


def _head(kind="corn", *, levels=LEVELS, sources=("one",)):
    return OrdinalHead(kind=kind, width=4, levels=levels, sources=sources)


def _thresholds(kind, *, scale=3.0):
    shape = (50, LEVELS - 1, 2) if kind == "dorn" else (50, LEVELS - 1)
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", ["dorn", "corn"])
@pytest.mark.parametrize("scale", [0.1, 3.0, 100.0])
def test_level_probabilities_are_none_negative_and_sum_to_one(kind, scale):
    probabilities = _head(kind).probabilities(_thresholds(kind, scale=scale))
    assert probabilities.shape == (50, LEVELS)
    assert (probabilities >= 0).all()
    assert torch.allclose(probabilities.sum(dim=1), torch.ones(50), atol=1e-6)


def test_corns_exceeding_falls_with_the_level_and_dorns_need_not():
    corn, dorn = (_head(kind).exceeding(_thresholds(kind)).diff(dim=1) for kind in ("corn", "dorn"))
    assert (corn <= 0).all()
    assert (dorn > 0).any()


def test_corn_is_a_product_of_conditional_probabilities():
    logits = torch.tensor([[0.0, np.log(3.0), -np.log(3.0), 0.0, 0.0]], dtype=torch.float32)
    expected = torch.tensor([[0.5, 0.375, 0.09375, 0.046875, 0.0234375]])
    assert torch.allclose(_head("corn").exceeding(logits), expected)


@pytest.mark.parametrize("kind", ["dorn", "corn"])
def test_the_head_agrees_with_its_loss_on_what_above_means(kind):
    """Descending the loss on the highest level alone must bring the probabilities there, on the lowest likewise."""
    head = _head(kind)
    loss = ordinal.dorn if kind == "dorn" else ordinal.corn
    for level in (0, 2, LEVELS - 1):
        logits = torch.zeros_like(_thresholds(kind)[:1]).requires_grad_()
        optimiser = torch.optim.SGD([logits], lr=2.0)
        for _ in range(60):
            optimiser.zero_grad()
            loss(logits, torch.tensor([level])).backward()
            optimiser.step()
        logits = logits.detach()
        assert head.probabilities(logits)[0].argmax() == level
        assert abs(float(head.expected(logits, source="one")) - (level + 0.5) / LEVELS) < 0.03


def test_dorns_second_logit_says_above():
    logits = torch.tensor([[[0.0, 50.0]] * (LEVELS - 1)])
    assert torch.allclose(_head("dorn").exceeding(logits), torch.ones(1, LEVELS - 1))
    assert float(ordinal.dorn(logits, torch.tensor([LEVELS - 1]))) == pytest.approx(0.0, abs=1e-6)


def test_the_expected_score_is_the_mean_of_the_centres():
    """For rank-consistent probabilities the soft decoding is the expectation over levels."""
    head = _head("corn")
    thresholds = _thresholds("corn")
    centres = (torch.arange(LEVELS) + 0.5) / LEVELS
    expected = head.probabilities(thresholds) @ centres
    assert torch.allclose(head.expected(thresholds, source="one"), expected, atol=1e-6)
    assert float(head.expected(torch.zeros(1, LEVELS - 1), source="one")) == pytest.approx(
        (0.5 + sum(0.5**k for k in range(1, LEVELS))) / LEVELS
    )


def test_quantile_bins():
    scores = np.concatenate([np.linspace(0.5, 0.6, 50), np.linspace(0.9, 0.95, 50)])
    head = _head()
    head.start_from(scores, source="one", bins="quantile")
    edges = np.quantile(scores, np.arange(1, LEVELS) / LEVELS)
    assert np.allclose(head.edges("one").numpy(), edges)
    ends = np.concatenate([[0], edges, [1]])
    assert np.allclose(head.centres_one.numpy(), (ends[1:] + ends[:-1]) / 2)
    counts = np.bincount(ordinal.levels_of(torch.tensor(scores).float(), head.edges("one")), minlength=LEVELS)
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("kind", ["dorn", "corn"])
def test_biases_start_at_the_share_above_each_edge(kind):
    head = _head(kind, levels=4)
    head.linear.weight.data.zero_()
    scores = np.array([0.1, 0.1, 0.3, 0.6, 0.9])  # 3, 2 and 1 of five above the edges 1/4, 2/4, 3/4
    head.start_from(scores, source="one", bins="uniform")
    above = head.exceeding(head(torch.zeros(1, 4), source="one"))
    expected = torch.tensor([[3.5 / 6, 2.5 / 6, 1.5 / 6]])
    assert torch.allclose(above, expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["dorn", "corn"])
def test_biases_are_finite_where_all_scores_are_in_one_level(kind):
    head = _head(kind)
    head.start_from(np.full(20, 0.99), source="one", bins="uniform")
    assert head.biases["one"].isfinite().all()


def test_sources_share_weights_and_not_levels():
    head = _head(sources=("one", "two"))
    head.start_from(np.linspace(0, 0.2, 100), source="one", bins="quantile")
    pooled = torch.randn(3, 4)
    assert torch.allclose(head.edges("two"), torch.arange(1, LEVELS) / LEVELS)
    apart = head(pooled, source="one") - head(pooled, source="two")
    assert torch.allclose(apart, head.biases["one"].expand(3, -1), atol=1e-6)


def test_quantiles_that_coincide():
    with pytest.raises(
        ConfigError,
        match=r"found: model.bins=quantile with 6 levels over 2 different scores\nexpected: quantiles that differ\n"
        r"do: set model.bins=uniform",
    ):
        _head().start_from(np.array([0.2, 0.2, 0.8, 0.8]), source="one", bins="quantile")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: _head(levels=1), "found: model.levels=1\nexpected: two levels or more\ndo: set model.levels=32"),
        (lambda: _head("coral"), "found: model.ordinal=coral\nexpected: one of corn, dorn\ndo: set model.ordinal=corn"),
        (
            lambda: _head().start_from(np.array([0.5]), source="one", bins="quantiles"),
            "found: model.bins=quantiles\nexpected: one of quantile, uniform\ndo: set model.bins=quantile",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ConfigError, match=message):
        call()
