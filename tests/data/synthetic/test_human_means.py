import pandas as pd
import pytest

from ksiqa.data.synthetic.human_means import kadid10k_means, shipped_means
from ksiqa.errors import DatasetError

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


@pytest.mark.real_data
def test_some_references_may_be_left_out(shared):
    file = shared / "datasets/labels/kadid10k/dmos.csv"
    half, all_names = [f"I{n:02d}" for n in range(1, 41)], [f"I{n:02d}.png" for n in range(1, 82)]
    pd.testing.assert_frame_equal(kadid10k_means(file, references=all_names), shipped_means())
    assert not kadid10k_means(file, references=half).equals(shipped_means())
    assert (kadid10k_means(file, references=half)["mean"] - shipped_means()["mean"]).abs().max() < 0.3


def test_mean_and_spread_by_hand(tmp_path):
    file = tmp_path / "dmos.csv"
    file.write_text(HEAD + "".join(f"I0{r}_03_02.png,I0{r}.png,{dmos},0.5\n" for r, dmos in ((1, 1), (2, 2), (3, 4.5))))
    means = kadid10k_means(file, references=["I01.png", "I02"])
    assert means.to_dict("records") == [{"type": 3, "level": 2, "mean": 1.5, "spread": 0.7071}]


@pytest.mark.parametrize(
    ("text", "references", "message"),
    [
        (None, None, "found: no file .*dmos.csv\nexpected: KADID-10k's dmos.csv\ndo: correct the path"),
        (
            "name,dmos\n",
            None,
            "dmos.csv without column dist_img\nexpected: the columns dist_img, ref_img, dmos, var",
        ),
        (HEAD + "I01_01_01.png,I01.png,4,1\nI01_1.png,I01.png,4,1\n", None, "line 3: dist_img = I01_1.png"),
        (HEAD + "I01_01_01.png,I01.png,4,1\n", ["I99.png"], "reference I99 is not in"),
        (HEAD + "I01_01_01.png,I01.png,4,1\n", None, r"found: 1 reference\(s\) in"),
    ],
)
def test_errors(text, references, message, tmp_path):
    if text is not None:
        (tmp_path / "dmos.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        kadid10k_means(tmp_path / "dmos.csv", references=references)
