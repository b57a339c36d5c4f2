import numpy as np
import pytest
from PIL import Image

from ksiqa.data.synthetic.photographs import photographs_in
from ksiqa.data.synthetic.synthetic_images import SyntheticImages
from ksiqa.data.table import COLUMNS
from ksiqa.errors import ConfigError, DatasetError


def _images(photographs, **changes):
    settings = {
        "name": "pairs",
        "photographs": photographs,
        "families": ["jpeg", "webp", "white_noise"],
        "levels": [1, 3, 5],
        "size": (128, 128),
        "pristine": True,
        "seed": 0,
        "cache": None,
        "keep_in_memory": True,
    }
    return SyntheticImages(**{**settings, **changes})


@pytest.fixture(scope="module")
def images(crops):
    return _images(crops)


def test_the_table_has_the_columns_of_every_dataset(images, crops):
    frame, facts = images.table.frame, images.table.facts
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame.index) == list(range(len(crops) * 10))
    assert (facts.name, facts.label, facts.low, facts.high, facts.higher_is_better) == (
        "pairs",
        "pseudo-score",
        0,
        1,
        True,
    )
    row = frame[frame["image"] == "coffee__jpeg__3"].iloc[0]
    assert (row["reference"], row["content"], row["distortion"], row["level"]) == (
        "coffee",
        "coffee",
        "jpeg",
        3,
    )
    assert row["part"] is None
    assert np.isnan(row["spread"])
    assert frame["score"].between(0, 1).all()
    assert np.array_equal(facts.to_score(frame["raw"].to_numpy()), frame["score"])
    assert frame["image"].is_unique


def test_a_pristine_row_is_a_pair_of_equals_with_score_1(images):
    frame = images.table.frame
    row = int(frame.index[frame["image"] == "coffee__pristine__0"][0])
    pair = images.load(row)
    assert np.array_equal(pair.distorted, pair.reference)
    assert frame.loc[row, "score"] == 1
    assert frame.loc[row, "distortion"] is None
    assert np.isnan(frame.loc[row, "level"])
    assert frame.drop(index=frame.index[frame["distortion"].isna()])["score"].max() < 1


def test_scores_fall_with_the_level(images):
    by_kind = images.table.frame.groupby(["distortion", "level"])["score"].mean().unstack()
    assert (np.diff(by_kind.to_numpy(), axis=1) < 0).all()


def test_pairs_are_aligned_crops_rendered_again_alike(images, crops):
    again = _images(crops, keep_in_memory=False)
    assert again.table.frame.equals(images.table.frame)
    for row in (1, 5, 9, 25):
        first, second = images.load(row), again.load(row)
        assert first.distorted.shape == first.reference.shape == (128, 128, 3)
        assert np.array_equal(first.distorted, second.distorted)
        assert np.array_equal(first.reference, crops[again.table.frame.loc[row, "content"]][32:160, 32:160])
        assert np.array_equal(images.load(row).distorted, first.distorted)


def test_photographs_draw_noise_of_their_own_and_another_seed_draws_anew(crops):
    even = {name: np.full((128, 128, 3), 128, np.uint8) for name in ("a", "b")}
    one = _images(even, families=["white_noise"], levels=[3], pristine=False)
    other = _images(even, families=["white_noise"], levels=[3], pristine=False, seed=1)
    assert not np.array_equal(one.load(0).distorted, one.load(1).distorted)
    assert not np.array_equal(one.load(0).distorted, other.load(0).distorted)


def test_the_cache_gives_the_same_table_without_rendering(images, crops, tmp_path, monkeypatch):
    first = _images(crops, cache=tmp_path)
    monkeypatch.setattr("ksiqa.data.synthetic.synthetic_images.measures", None)  # a call would raise
    again = _images(crops, cache=tmp_path)
    assert again.table.frame.equals(first.table.frame)
    assert first.table.frame.equals(images.table.frame)


def test_files_of_a_folder(crops, tmp_path):
    for name, image in crops.items():
        Image.fromarray(image).save(tmp_path / f"{name}.png")
    found = _images(photographs_in(tmp_path), size=None, families=["jpeg"], levels=[2], pristine=False)
    assert set(found.table.frame["content"]) == set(crops)
    row = found.table.frame.iloc[0]
    assert row["reference"] == str(tmp_path / f"{row['content']}.png")
    assert np.array_equal(found.load(0).reference, crops[row["content"]])


def test_colour_families_leave_greys_out_and_say_so(crops):
    found = _images(crops, families=["colour_saturation_1", "jpeg"], levels=[1, 2])
    assert found.left_out == ["camera__colour_saturation_1__1", "camera__colour_saturation_1__2"]
    assert len(found.table) == len(crops) * 5 - 2


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"families": ["jpge"]},
            ConfigError,
            r"found: families=jpge\n(.|\n)*do: set families=jpeg \(the nearest name\)",
        ),
        ({"levels": [7]}, ConfigError, "found: level=7\nexpected: a level from 1 to 5"),
        (
            {"families": [], "pristine": False},
            DatasetError,
            "found: no pairs: 0 families, 3 levels, 0 pairs left out",
        ),
        (
            {"families": ["webp"]},
            ConfigError,
            "found: families with webp, which no viewer of KADID-10k rated",
        ),
    ],
)
def test_errors(changes, error, message, crops):
    with pytest.raises(error, match=message):
        _images({"coffee": crops["coffee"]}, **changes)
