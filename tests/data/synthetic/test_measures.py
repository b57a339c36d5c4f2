import pytest

from ksiqa.data.synthetic.measures import COLUMNS, SAME, kept_measures, measure_key, measures, pixel_digest
from ksiqa.errors import DatasetError

ODD = {"mse": 0.1 + 0.2, "ssim": 1 / 3, "gmsd": 1e-17, "haarpsi": 0.7}


def test_an_image_and_itself(crops):
    assert measures(crops["coffee"], crops["coffee"].copy()) == SAME


def test_yardsticks_are_no_measures():
    assert not {"vsi", "mdsi"} & set(COLUMNS)


def test_keys_tell_photograph_family_level_and_seed_apart(crops):
    keys = {
        measure_key(pixel_digest(crops[name]), family, level, seed)
        for name in ("coffee", "astronaut")
        for family in ("jpeg", "webp")
        for level in (1, 2)
        for seed in (0, 1)
    }
    assert len(keys) == 16


def test_what_is_kept_is_not_computed_again_and_is_the_same_to_the_last_bit(tmp_path):
    calls = []

    def compute(index):
        calls.append(index)
        return {**ODD, "mse": ODD["mse"] + index}

    first = kept_measures(["x", "y"], compute, cache=tmp_path / "new")
    again = kept_measures(["y", "z", "x"], compute, cache=tmp_path / "new")
    assert calls == [0, 1, 1]
    assert again.iloc[[2, 0]].reset_index(drop=True).equals(first)
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"measures.csv", ".measures.csv.lock"}


def test_an_interrupted_run_leaves_the_old_file(tmp_path):
    kept_measures(["x"], lambda index: ODD, cache=tmp_path)
    before = (tmp_path / "measures.csv").read_bytes()

    def broken(index):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept_measures(["x", "y"], broken, cache=tmp_path)
    assert (tmp_path / "measures.csv").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"measures.csv", ".measures.csv.lock"}


@pytest.mark.parametrize(
    "text",
    ["", "key,mse\nx,1\n", "key,mse,ssim,gmsd,haarpsi\nx,1,1,1,\n", "key,mse,ssim,gmsd,haarpsi\nx,1,1,1,a\n"],
)
def test_a_damaged_file_is_named(text, tmp_path):
    (tmp_path / "measures.csv").write_text(text)
    with pytest.raises(DatasetError, match=r"measures.csv is damaged or of another make\nexpected: a CSV") as error:
        kept_measures(["x"], lambda index: ODD, cache=tmp_path)
    assert "do: delete it; it is made again" in str(error.value)
