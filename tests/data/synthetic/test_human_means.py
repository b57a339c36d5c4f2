from pathlib import Path

import pandas as pd
import pytest

from ksiqa.data.datasets import kadid10k
from ksiqa.data.synthetic.human_means import kadid10k_means, shipped_means, training_means
from ksiqa.errors import DatasetError
from tests.fake_iqa.kadid10k import write_kadid10k

HEAD = "dist_img,ref_img,dmos,var\n"


def test_shipped_means_are_of_25_types_at_5_levels_on_kadid10ks_scale():
    means = shipped_means()
    assert list(means.columns) == ["type", "level", "mean", "spread"]
    assert list(zip(means["type"], means["level"], strict=True)) == [(t, k) for t in range(1, 26) for k in range(1, 6)]
    assert means["mean"].between(1, 5).all()
    assert means["spread"].between(0.1, 0.7).all()


@pytest.mark.real_data
def test_shipped_means_are_those_of_the_released_file(shared):
    again = kadid10k_means(shared / "datasets/labels/kadid10k/dmos.csv")
    pd.testing.assert_frame_equal(again, shipped_means(), check_exact=True)


def test_mean_and_spread_by_hand(tmp_path):
    file = tmp_path / "dmos.csv"
    file.write_text(HEAD + "".join(f"I0{r}_03_02.png,I0{r}.png,{dmos},0.5\n" for r, dmos in ((1, 1), (2, 2))))
    assert kadid10k_means(file).to_dict("records") == [{"type": 3, "level": 2, "mean": 1.5, "spread": 0.7071}]


def test_means_of_a_training_part_know_nothing_of_the_rest(tmp_path):
    table = kadid10k.read(tmp_path, facts=write_kadid10k(tmp_path))
    train = [row for row, image in enumerate(table.frame["image"]) if Path(image).name[:3] in ("I02", "I05")]
    means = training_means(table, train).set_index(["type", "level"])
    assert (
        sorted(means.index) == sorted(set(means.index)) == [(kind, level) for kind in (1, 25) for level in range(1, 6)]
    )
    for kind, level in means.index:
        told = [5 - 4 * round(level / 5 - 0.02 * place, 2) for place in (2, 5)]  # as the miniature writes them
        assert means.loc[(kind, level), "mean"] == pytest.approx(sum(told) / 2, abs=1e-4)
        assert means.loc[(kind, level), "spread"] == pytest.approx(abs(told[0] - told[1]) / 2**0.5, abs=1e-4)
    with pytest.raises(DatasetError, match=r"found: 1 reference\(s\) in the training part"):
        training_means(table, train[:3])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "found: no file .*dmos.csv\nexpected: KADID-10k's dmos.csv\ndo: correct the path"),
        (
            "name,dmos\n",
            "dmos.csv without column dist_img\nexpected: the columns dist_img, ref_img, dmos, var",
        ),
        (HEAD + "I01_01_01.png,I01.png,4,1\nI01_1.png,I01.png,4,1\n", "line 3: dist_img = I01_1.png"),
        (HEAD + "I01_01_01.png,I01.png,4,1\n", r"found: 1 reference\(s\) in"),
    ],
)
def test_errors(text, message, tmp_path):
    if text is not None:
        (tmp_path / "dmos.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        kadid10k_means(tmp_path / "dmos.csv")
