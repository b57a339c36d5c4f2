"""What a config assembles."""

import numpy as np
import pytest

from ksiqa.training.assembly import assemble
from ksiqa.training.settle import settled
from tests.fake_iqa.images import photograph
from tests.fake_iqa.kadid10k import write_kadid10k
from tests.runs import SMALL, composed


def test_pseudo_scores_beside_kadid10k_know_nothing_of_its_test_part(tmp_path):
    """A pair's anchor is the mean DMOS of the training part, not of all references."""
    write_kadid10k(tmp_path / "set", references=6)
    for place in range(1, 5):
        (tmp_path / "photographs").mkdir(exist_ok=True)
        photograph(10 + place).resize((96, 96)).save(tmp_path / "photographs" / f"{place}.png")
    overrides = [
        *(*SMALL, f"cache={tmp_path / 'cache'}", "sharing=transfer", "split.validation_share=0.0"),
        *("data=kadid10k", f"data.root={tmp_path / 'set'}", "data.allow_missing=true"),
        *("+data@pairs=folder", f"pairs.root={tmp_path / 'photographs'}", "pairs.families=[gaussian_blur]"),
        *("pairs.levels=[3]", "pairs.crop=32", "pairs.workers=0", "pair_split.test_share=0.25"),
        "pair_split.validation_share=0.25",
    ]
    parts = assemble(settled(composed("train", *overrides)))
    table, (target,) = parts.target.sets[0].table.frame, parts.target.sets
    training = table.iloc[list(target.split.train)]
    alike = training[(training["distortion"].astype(int) == 1) & (training["level"] == 3)]
    assert len(alike) < 6
    pairs = parts.pairs.table.frame
    distorted = pairs["distortion"].notna().to_numpy()
    # the deviations of photographs distorted alike lie symmetrically about the anchor
    assert pairs["score"].to_numpy()[distorted].mean() == pytest.approx((alike["raw"].mean() - 1) / 4, abs=1e-4)
    np.testing.assert_array_equal(pairs["score"][~distorted], 1)
    assert [parts.pairs.parts["train"].source.table.scores[row] for row in range(len(pairs))] == list(pairs["score"])
