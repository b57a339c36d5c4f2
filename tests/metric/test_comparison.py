"""Paired differences: against scipy, and by simulation of what the intervals promise."""

import numpy as np
import pytest
from scipy import stats

from ksiqa.errors import KsiqaError
from ksiqa.metric.comparison import Part, corrected_t, paired_bootstrap, part_difference, redrawn_ranks, redrawn_srcc
from ksiqa.metric.correlation import srcc


def test_ranks_and_srcc_of_a_draw_are_those_of_its_repeated_rows() -> None:
    rng = np.random.default_rng(0)
    score, label = rng.integers(0, 6, 20) / 5, rng.integers(0, 8, 20) / 7  # with ties
    times = rng.multinomial(20, np.full(20, 1 / 20), size=50)
    ranks = redrawn_ranks(score, times)
    found = redrawn_srcc(score, redrawn_ranks(label, times), times)
    for draw, one in enumerate(times):
        rows = np.repeat(np.arange(20), one)
        assert ranks[draw, rows] == pytest.approx(stats.rankdata(score[rows]))
        assert found[draw] == pytest.approx(stats.spearmanr(score[rows], label[rows]).statistic)


def test_a_constant_draw_has_no_order() -> None:
    score, times = np.array([0.1, 0.2, 0.3]), np.array([[3, 0, 0]])
    assert redrawn_srcc(score, redrawn_ranks(score, times), times) == [0.0]


def parts_of(
    rng: np.random.Generator, *, images: int = 120, noise: tuple[float, float] = (1.0, 1.0), repeats: int = 2
) -> list[Part]:
    """``repeats`` x 5 parts that test every image once a repeat; half of a model's error stays with the image."""
    label = rng.normal(size=images)
    of_image = rng.normal(size=(2, images))
    parts = []
    for _ in range(repeats):
        scores = [
            label + size * np.sqrt(0.5) * (own + rng.normal(size=images))
            for size, own in zip(noise, of_image, strict=True)
        ]
        for rows in np.array_split(rng.permutation(images), 5):
            rows = np.sort(rows)
            parts.append(Part(label[rows], scores[0][rows][None], scores[1][rows][None], rows))
    return parts


def test_the_mean_is_that_of_the_parts_with_seeds_averaged_first() -> None:
    rng = np.random.default_rng(1)
    label, first, second = rng.normal(size=30), rng.normal(size=(3, 30)), rng.normal(size=(2, 30))
    part = Part(label, first, second, np.arange(30))
    expected = np.mean([srcc(one, label) for one in first]) - np.mean([srcc(one, label) for one in second])
    assert part_difference(part) == pytest.approx(expected)
    assert paired_bootstrap([part, part], draws=10, seed=0).mean == pytest.approx(expected)


def test_a_model_against_itself_differs_by_nothing() -> None:
    (part, *_) = parts_of(np.random.default_rng(0))
    assert paired_bootstrap([part._replace(second=part.first)], draws=50, seed=0) == (0, 0, 0)


def test_the_same_seed_gives_the_same_interval() -> None:
    parts = parts_of(np.random.default_rng(0))
    assert paired_bootstrap(parts, draws=150, seed=3) == paired_bootstrap(parts, draws=150, seed=3)
    assert paired_bootstrap(parts, draws=150, seed=3) != paired_bootstrap(parts, draws=150, seed=4)


def test_no_parts() -> None:
    with pytest.raises(KsiqaError, match="found: no part\nexpected: at least one part"):
        paired_bootstrap([], draws=10, seed=0)


@pytest.mark.parametrize("noise", [(1.0, 1.0), (0.6, 1.0)])  # A/A, and one that is better
def test_the_bootstrap_covers_the_true_difference(noise: tuple[float, float]) -> None:
    """About 95 times in a hundred: over 150 studies the standard error of the share is .018."""
    rng = np.random.default_rng(0)
    true = np.mean([part_difference(part) for _ in range(100) for part in parts_of(rng, noise=noise)])
    inside = []
    for _ in range(150):
        found = paired_bootstrap(parts_of(rng, noise=noise), draws=100, seed=0)
        inside.append(found.low <= true <= found.high)
    assert 0.91 <= np.mean(inside) <= 0.985


def test_draws_of_their_own_for_parts_that_share_images_would_be_too_sure() -> None:
    """Why a draw is of images, not of a part's rows: with every image tested four times."""
    rng = np.random.default_rng(1)
    widths: dict[str, list[float]] = {"shared": [], "own": []}
    for _ in range(10):
        parts = parts_of(rng, repeats=4)
        rows = len(parts[0].unit)
        own = [part._replace(unit=np.arange(rows) + rows * place) for place, part in enumerate(parts)]
        for name, these in (("shared", parts), ("own", own)):
            found = paired_bootstrap(these, draws=200, seed=0)
            widths[name].append(found.high - found.low)
    assert np.mean(widths["own"]) < 0.8 * np.mean(widths["shared"])


def test_the_corrected_t_is_its_formula() -> None:
    d = np.array([0.01, 0.03, -0.01, 0.02, 0.04])
    found = corrected_t(d, ratio=0.25)
    t = d.mean() / np.sqrt((1 / 5 + 0.25) * d.var(ddof=1))
    assert found.p == pytest.approx(2 * (1 - stats.t.cdf(t, 4)))
    assert found.mean == pytest.approx(0.018)
    assert (found.low + found.high) / 2 == pytest.approx(found.mean)
    plain = corrected_t(d, ratio=0.0)  # no correction: the one-sample t test
    reference = stats.ttest_1samp(d, 0)
    assert plain.p == pytest.approx(reference.pvalue)
    assert (plain.low, plain.high) == pytest.approx(tuple(reference.confidence_interval(0.95)))
    assert plain.p < found.p


def test_differences_that_are_all_the_same() -> None:
    assert corrected_t(np.zeros(3), ratio=0.25) == (0, 0, 0, 1)
    assert corrected_t(np.full(3, 0.5), ratio=0.25) == (0.5, 0.5, 0.5, 0)
    with pytest.raises(KsiqaError, match="found: 1 paired differences"):
        corrected_t(np.ones(1), ratio=0.25)


def learned(rng: np.random.Generator, *, images: int = 100, splits: int = 10) -> np.ndarray:
    """Differences in SRCC over random 80/20 splits between two equally good learners, each least squares on five
    noisy views of its own."""
    label = rng.normal(size=images)
    views = [label[:, None] + 1.5 * rng.normal(size=(images, 5)) for _ in range(2)]
    differences = []
    for _ in range(splits):
        order = rng.permutation(images)
        test, train = order[:20], order[20:]
        scores = [x[test] @ np.linalg.lstsq(x[train], label[train], rcond=None)[0] for x in views]
        differences.append(srcc(scores[0], label[test]) - srcc(scores[1], label[test]))
    return np.array(differences)


def test_over_overlapping_splits_the_corrected_t_rarely_finds_what_is_not_there() -> None:
    """A/A: the plain t test does so several times as often."""
    rng = np.random.default_rng(0)
    studies = [learned(rng) for _ in range(200)]
    corrected = np.mean([corrected_t(d, ratio=0.25).p < 0.05 for d in studies])
    plain = np.mean([corrected_t(d, ratio=0.0).p < 0.05 for d in studies])
    assert corrected <= 0.08
    assert plain >= 2 * corrected
    assert plain > 0.1
