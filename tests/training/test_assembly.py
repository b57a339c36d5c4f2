"""What a config assembles."""

import numpy as np
import pytest

from ksiqa.data.image_pairs import Draw
from ksiqa.errors import ConfigError
from ksiqa.training.assembly import assemble
from ksiqa.training.settle import settled
from tests.fake_iqa import write_tid2013
from tests.fake_iqa.images import photograph
from tests.fake_iqa.kadid10k import write_kadid10k
from tests.fake_iqa.live import write_live_labels
from tests.runs import SMALL, composed


@pytest.fixture
def folders(tmp_path):
    """KADID-10k in miniature, and four photographs."""
    write_kadid10k(tmp_path / "set", references=6)
    (tmp_path / "photographs").mkdir()
    for place in range(1, 5):
        photograph(10 + place).resize((96, 96)).save(tmp_path / "photographs" / f"{place}.png")
    return tmp_path


def _folder(at, folders):
    told = {"root": folders / "photographs", "families": "[gaussian_blur]", "levels": "[3]"}
    return [f"{at}.{key}={value}" for key, value in told.items()]


def _anchored(kadid10k, pairs):
    """The mean of all that was distorted alike is the mean DMOS of the training part, not of all references."""
    training = kadid10k.table.frame.iloc[list(kadid10k.split.train)]
    alike = training[(training["distortion"].astype(int) == 1) & (training["level"] == 3)]
    assert len(alike) < 6
    distorted = pairs.table.frame["distortion"].notna().to_numpy()
    scores = pairs.table.scores
    # the deviations of photographs distorted alike lie symmetrically about the anchor
    assert scores[distorted].mean() == pytest.approx((alike["raw"].mean() - 1) / 4, abs=1e-4)
    np.testing.assert_array_equal(scores[~distorted], 1)
    samples = [pairs.parts["train"][Draw(place, 0)] for place in range(len(pairs.split.train))]
    assert [sample.score for sample in samples] == [scores[sample.row] for sample in samples]


def test_pseudo_scores_beside_kadid10k_know_nothing_of_its_test_part(folders):
    overrides = [
        *(*SMALL, f"cache={folders / 'cache'}", "sharing=transfer", "split.validation_share=0.0"),
        *("data=kadid10k", f"data.root={folders / 'set'}", "data.allow_missing=true"),
        *("+data@pairs=folder", *_folder("pairs", folders), "pairs.crop=32", "pairs.workers=0"),
        *("pair_split.test_share=0.25", "pair_split.validation_share=0.25"),
    ]
    parts = assemble(settled(composed("train", *overrides)))
    _anchored(parts.target.sets[0], parts.pairs)


def test_nor_do_those_in_a_mix_with_it(folders):
    overrides = [
        *(*SMALL, f"cache={folders / 'cache'}", "data=mix", "split.test_share=0.25", "split.validation_share=0.0"),
        *("data.sets.kadid10k.share=0.5", f"data.sets.kadid10k.root={folders / 'set'}"),
        *("data.sets.kadid10k.allow_missing=true", "data.sets.folder.share=0.5"),
        *_folder("data.sets.folder", folders),
    ]
    sets = {one.name: one for one in assemble(settled(composed("train", *overrides))).target.sets}
    _anchored(sets["kadid10k"], sets["folder"])


def test_pseudo_scores_and_a_test_on_all_of_kadid10k(folders):
    others = ["+sweep=cross_database", f"roots.kadid10k={folders / 'set'}"]
    overrides = [*SMALL, f"cache={folders / 'cache'}", "data=folder", *_folder("data", folders), *others]
    with pytest.raises(ConfigError, match="found: pseudo-scores of folder, made of what KADID-10k's viewers said, and"):
        assemble(settled(composed("train", *overrides)))


def test_pairs_of_the_photographs_that_are_tested(tmp_path):
    write_live_labels(tmp_path / "live")
    write_tid2013(tmp_path / "tid2013")
    overrides = [
        *(*SMALL, "data=live", f"data.root={tmp_path / 'live'}", "data.allow_missing=true", "sharing=transfer"),
        *("+data@pairs=tid2013", f"pairs.root={tmp_path / 'tid2013'}", "pairs.allow_missing=true"),
    ]
    with pytest.raises(ConfigError, match="found: training on live and tid2013, which distort the same photographs"):
        assemble(settled(composed("train", *overrides)))
