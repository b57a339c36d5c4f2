import re

import numpy as np
import pytest
import torch

from ksiqa.data.image_pairs import Draw, ImagePairs, collated
from ksiqa.data.image_source import Pair
from ksiqa.data.views import ScoringViews, TrainingViews
from ksiqa.errors import ImageError


def _pairs(source, *, views=None, seed=0, short_side=None, with_reference=True, rows=range(25)):
    views = views or TrainingViews(side=32, distinct=None)
    return ImagePairs(
        source=source, rows=rows, views=views, short_side=short_side, seed=seed, with_reference=with_reference
    )


def _place_of(part, image):
    """Find where, and whether flipped, a crop was cut from an image."""
    side = part.shape[0]
    found = [
        (top, left, flip)
        for flip in (False, True)
        for top in range(image.shape[0] - side + 1)
        for left in range(image.shape[1] - side + 1)
        if np.array_equal(image[top : top + side, left : left + side][:, :: -1 if flip else 1], part)
    ]
    assert len(found) == 1
    return found[0]


def test_reference_and_distorted_get_the_same_crop_and_flip(scored_files):
    dataset = _pairs(scored_files)
    flips = set()
    for row, number in ((2, 0), (7, 1), (8, 2), (13, 3), (14, 5)):
        sample, pair = dataset[Draw(row, number)], scored_files.load(row)
        parts = [view[0].permute(1, 2, 0).numpy() for view in (sample.distorted.image, sample.reference.image)]
        placed = [_place_of(part, image) for part, image in zip(parts, pair, strict=True)]
        assert placed[0] == placed[1]
        flips.add(placed[0][2])
    assert flips == {False, True}


def test_a_draw_depends_on_seed_row_and_number_alone(scored_files):
    dataset, again = _pairs(scored_files), _pairs(scored_files, rows=[4, 3])
    first = dataset[Draw(3, 2)].distorted.image
    dataset[Draw(5, 0)]
    np.random.default_rng().random()
    assert torch.equal(dataset[Draw(3, 2)].distorted.image, first)
    assert torch.equal(again[Draw(1, 2)].distorted.image, first)  # row 3 at another place
    for other in (dataset[Draw(3, 1)], dataset[Draw(4, 2)], _pairs(scored_files, seed=1)[Draw(3, 2)]):
        assert not torch.equal(other.distorted.image, first)


def test_distinct_crops_come_round_again(scored_files):
    dataset = _pairs(scored_files, views=TrainingViews(side=32, distinct=3))
    crops = [dataset[Draw(2, number)].distorted.image for number in range(6)]
    assert all(torch.equal(crops[number], crops[number + 3]) for number in range(3))
    assert not torch.equal(crops[0], crops[1])


def test_a_sample_carries_its_score_and_row(scored_files):
    sample = _pairs(scored_files, rows=[6, 9])[Draw(1, 0)]
    assert (sample.row, sample.score) == (9, 0.0)  # level 4 of 0 to 4
    assert sample.distorted.image.dtype == torch.uint8
    assert sample.distorted.known == {}


def test_scoring_views_are_the_same_for_every_draw(scored_files):
    views = ScoringViews(kind="grid", side=32, grid=2, cell=16)
    dataset = _pairs(scored_files, views=views)
    first, later = dataset[Draw(1, 0)], dataset[Draw(1, 9)]
    assert first.distorted.image.shape == first.reference.image.shape == (4, 3, 32, 32)
    assert torch.equal(first.distorted.image, later.distorted.image)
    corner = scored_files.load(1).distorted[32:, 32:]
    assert np.array_equal(first.distorted.image[3].permute(1, 2, 0).numpy(), corner)


def test_larger_images_are_made_smaller_first(scored_files):
    views = ScoringViews(kind="whole", side=32, grid=1, cell=16)
    sample = _pairs(scored_files, views=views, short_side=48)[Draw(0, 0)]
    assert sample.distorted.image.shape == sample.reference.image.shape == (1, 3, 48, 48)


def test_no_reference_is_loaded_where_none_is_wanted(scored_files, files_without_references):
    assert _pairs(scored_files, with_reference=False)[Draw(0, 0)].reference is None
    assert _pairs(files_without_references)[Draw(0, 0)].reference is None


def test_a_batch_keeps_the_views_of_an_image_together(scored_files):
    dataset = _pairs(scored_files, views=ScoringViews(kind="grid", side=32, grid=2, cell=16))
    samples = [dataset[Draw(place, 0)] for place in (3, 1)]
    batch = collated(samples)
    assert (batch.views, len(batch.distorted), len(batch.reference)) == (4, 8, 8)
    assert torch.equal(batch.distorted.image[4:], samples[1].distorted.image)
    assert batch.row.tolist() == [3, 1]
    assert batch.score.tolist() == [0.25, 0.75]
    assert batch.distorted.image.dtype == torch.uint8


def test_a_batch_tells_which_images_have_a_reference(scored_files, files_without_references):
    views = ScoringViews(kind="grid", side=32, grid=2, cell=16)
    with_one, without = (_pairs(source, views=views) for source in (scored_files, files_without_references))
    batch = collated([with_one[Draw(0, 0)], without[Draw(1, 0)], with_one[Draw(2, 0)]])
    assert batch.row[batch.pairs].tolist() == [0, 2]
    assert (len(batch.distorted), len(batch.reference)) == (12, 8)
    for place, image in ((0, 0), (4, 8)):  # the first views of the images with a reference
        assert torch.equal(batch.distorted.image[batch.paired_views][place], batch.distorted.image[image])
    all_of_them, none = collated([with_one[Draw(0, 0)]]), collated([without[Draw(0, 0)]])
    assert all_of_them.referenced is None
    assert all_of_them.row[all_of_them.pairs].tolist() == [0]
    assert none.row[none.pairs].tolist() == []


def test_an_image_smaller_than_the_crop_is_named(scored_files):
    name = scored_files.table.frame["image"].iloc[4]
    expected = f"found: {name}: an image of 64x64\nexpected: at least 80x80 pixels\ndo: set data.crop to 64 or less"
    with pytest.raises(ImageError, match=re.escape(expected)):
        _pairs(scored_files, views=TrainingViews(side=80, distinct=None))[Draw(4, 0)]


def test_a_pair_is_distorted_then_reference(scored_files):
    """Level 0 is the reference itself; the blurred ones have less contrast than it."""
    pair = scored_files.load(0)
    assert isinstance(pair, Pair)
    assert np.array_equal(pair.distorted, pair.reference)
    blurred = scored_files.load(4)
    assert blurred.distorted.std() < blurred.reference.std()
