import numpy as np
import pandas as pd
import pytest

from ksiqa.data.synthetic.families import FAMILIES, LEVELS
from ksiqa.data.synthetic.human_means import shipped_means
from ksiqa.data.synthetic.measures import SAME
from ksiqa.data.synthetic.pseudo_score import BELIEF, pseudo_scores
from ksiqa.errors import ConfigError

CONTENTS = ("a", "b", "c", "d", "e")


def _rows(families, contents=CONTENTS):
    """Rows whose measures fall with the level and from the first content to the last."""
    rows = []
    for family in families:
        for level in LEVELS:
            for index, content in enumerate(contents):
                badness = level + 0.05 * index
                rows.append(
                    {
                        "content": content,
                        "family": family,
                        "level": level,
                        "mse": badness / 100,
                        "ssim": 1 - badness / 10,
                        "gmsd": badness / 20,
                        "haarpsi": 1 - badness / 8,
                    }
                )
    return pd.DataFrame(rows)


def _mean(family, level):
    means = shipped_means().set_index(["type", "level"])
    return (means.loc[(FAMILIES[family].number, level), "mean"] - 1) / 4


def test_all_families_stay_within_0_and_1_and_keep_the_human_means_and_order():
    frame = _rows(FAMILIES)
    frame["score"] = pseudo_scores(frame)
    assert frame["score"].between(0, 1).all()
    by_kind = frame.groupby(["family", "level"])["score"].mean()
    for (family, level), score in by_kind.items():
        if FAMILIES[family].number is not None:
            assert score == pytest.approx(_mean(family, level))  # the deviation is even on both sides
    shift = [by_kind["mean_shift", level] for level in LEVELS]
    assert shift[2] == max(shift)
    assert shift[0] > shift[4]


def test_the_deviation_is_bounded_and_follows_the_measures():
    frame = _rows(["jpeg"])
    frame["score"] = pseudo_scores(frame)
    spread = shipped_means().set_index(["type", "level"])["spread"]
    for level in LEVELS:
        scores = frame.loc[frame["level"] == level, "score"].to_numpy()
        assert np.all(np.diff(scores) < 0)
        width = np.sqrt(3) * BELIEF * spread[10, level] / 4
        assert scores[0] - _mean("jpeg", level) == pytest.approx(width * 0.8)  # (1 - 1/2 / 5) * 2 - 1
        assert scores[0] + scores[-1] == pytest.approx(2 * _mean("jpeg", level))


def test_a_single_photograph_takes_the_anchor():
    frame = _rows(["lens_blur"], contents=("a",))
    assert pseudo_scores(frame) == pytest.approx([_mean("lens_blur", level) for level in LEVELS])


def test_a_pair_of_equals_scores_1_and_stays_out_of_the_ranks():
    frame = _rows(["gaussian_blur"])
    same = pd.DataFrame(
        [
            {"content": "a", "family": None, "level": 0, **SAME},
            {"content": "f", "family": "gaussian_blur", "level": 2, **SAME},
        ]
    )
    scores = pseudo_scores(pd.concat([frame, same], ignore_index=True))
    assert np.all(scores[-2:] == 1)
    assert scores[:-2] == pytest.approx(pseudo_scores(frame))


def test_webp_is_anchored_by_its_group():
    frame = _rows(["jpeg", "jpeg2000", "webp", "white_noise"])
    scores = pd.Series(pseudo_scores(frame)).groupby([frame["family"], frame["level"]]).mean()
    for level in LEVELS:  # all three codecs measure alike here
        assert scores["webp", level] == pytest.approx((_mean("jpeg", level) + _mean("jpeg2000", level)) / 2, abs=0.06)
    assert np.all(np.diff([scores["webp", level] for level in LEVELS]) < 0)


def test_webp_between_two_levels_of_jpeg_lies_between_their_anchors():
    frame = _rows(["jpeg", "webp"])
    better = frame["family"] == "webp"
    frame.loc[better, ["mse", "gmsd"]] *= 0.9
    frame.loc[better, ["ssim", "haarpsi"]] = 1 - 0.9 * (1 - frame.loc[better, ["ssim", "haarpsi"]])
    scores = pd.Series(pseudo_scores(frame)).groupby([frame["family"], frame["level"]]).mean()
    for level in (3, 4, 5):
        assert _mean("jpeg", level) < scores["webp", level] < _mean("jpeg", level - 1)


def test_webp_alone_has_no_anchor():
    with pytest.raises(ConfigError, match="found: families with webp, which no viewer of KADID-10k rated") as error:
        pseudo_scores(_rows(["webp", "white_noise"]))
    assert "do: add jpeg or jpeg2000 to the families" in str(error.value)


def test_other_means_may_be_given():
    means = shipped_means().assign(mean=3.0, spread=0.0)
    assert pseudo_scores(_rows(["jpeg"]), means=means) == pytest.approx(np.full(25, 0.5))
