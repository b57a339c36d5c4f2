import os

import numpy as np
import pytest
import torch

from ksiqa.data.loader import readers
from ksiqa.data.views import TrainingViews
from ksiqa.errors import ImageError
from tests.tiny import quality_data


def test_parts_follow_the_split(scored_files):
    data = quality_data(scored_files)
    assert (data.name, data.unit, data.has_references) == ("table", 4, True)
    assert [len(data.parts[name]) for name in ("train", "validation", "test")] == [15, 5, 5]
    assert np.array_equal(data.training_scores, scored_files.table.scores[:15])


def test_training_batches_are_full_and_use_every_image_equally(scored_files):
    data = quality_data(scored_files, batch_size=6)  # 15 images: two or three batches; two are nearer below
    assert data.batches(processes=1) == 2
    loader = data.train_dataloader()
    rows = []
    for epoch in range(5):
        loader.batch_sampler.sampler.set_epoch(epoch)
        for batch in loader:
            assert len(batch.score) == 6
            rows += batch.row.tolist()
    assert sorted(rows) == sorted(4 * list(range(15)))


def test_a_source_beside_another_gives_as_many_batches(scored_files):
    assert len(list(quality_data(scored_files).train_dataloader(batches=7))) == 7


def test_several_processes_share_an_epoch(scored_files):
    data = quality_data(scored_files, batch_size=2)
    assert (data.batches(processes=1), data.batches(processes=3), data.batches(processes=40)) == (8, 2, 1)
    assert (
        data.train_dataloader(processes=3).batch_sampler.sampler.draws == 12
    )  # 2 batches of 2 images in each of 3 processes


@pytest.mark.parametrize("distinct", [None, 2])
def test_phases_draw_other_crops_unless_crops_are_limited(distinct, scored_files):
    data = quality_data(scored_files, batch_size=15, training=TrainingViews(side=32, distinct=distinct))
    drawn = []
    for phase in (0, 1):
        (batch,) = data.train_dataloader(batches=1, phase=phase)
        drawn.append({int(row): image for row, image in zip(batch.row, batch.distorted.image, strict=True)})
    assert list(drawn[0]) != list(drawn[1])
    same = [torch.equal(image, drawn[1][row]) for row, image in drawn[0].items()]
    assert all(same) if distinct else not any(same)


def test_a_small_training_part_still_gives_a_full_batch(scored_files):
    (batch,) = quality_data(scored_files, batch_size=40).train_dataloader()
    assert len(batch.score) == 40


@pytest.mark.parametrize(("part", "rows"), [("val", range(15, 20)), ("test", range(20, 25))])
def test_scored_parts_come_once_each_with_references(part, rows, scored_files):
    data = quality_data(scored_files, batch_size=2)
    batches = list(getattr(data, f"{part}_dataloader")())
    assert sorted(row for batch in batches for row in batch.row.tolist()) == list(rows)
    assert all(batch.reference is not None for batch in batches)
    for batch in batches:
        assert np.allclose(batch.score, scored_files.table.scores[batch.row], atol=1e-6)


def test_training_without_references_leaves_those_of_the_scored_parts(scored_files):
    data = quality_data(scored_files)
    data.without_references()
    assert next(iter(data.train_dataloader())).reference is None
    assert next(iter(data.test_dataloader())).reference is not None


def test_a_set_without_references(files_without_references):
    data = quality_data(files_without_references)
    assert not data.has_references
    assert next(iter(data.train_dataloader())).reference is None


def test_the_result_does_not_depend_on_the_workers(scored_files):
    loaded = [list(quality_data(scored_files, workers=workers).train_dataloader()) for workers in (0, 2)]
    for one, two in zip(*loaded, strict=True):
        assert torch.equal(one.distorted.image, two.distorted.image)
        assert torch.equal(one.row, two.row)


def test_no_more_workers_than_cores_unless_one_says_so(scored_files):
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        loader = quality_data(scored_files, workers=readers(None)).train_dataloader()  # torch warns of none
        assert loader.num_workers == 1
        with pytest.warns(UserWarning, match="will create 3 worker processes"):
            quality_data(scored_files, workers=readers(3)).train_dataloader()
    finally:
        os.sched_setaffinity(0, cores)
    assert readers(None) == min(4, len(cores))


@pytest.mark.parametrize("workers", [0, 1])
def test_an_image_error_comes_out_of_a_worker_as_it_is(workers, scored_files):
    """torch builds a worker's error anew from its text; found, expected and do must survive that."""
    data = quality_data(scored_files, workers=workers, training=TrainingViews(side=80, distinct=None))
    with pytest.raises(ImageError) as error:
        next(iter(data.train_dataloader()))
    assert error.value.found.endswith(".png: an image of 64x64")
    assert error.value.expected == "at least 80x80 pixels"
    assert error.value.do == "set data.crop to 64 or less, or leave the image out"


def test_frozen_features_reach_every_part(scored_files, tmp_path):
    data = quality_data(scored_files, training=TrainingViews(side=48, distinct=2))

    def extractor(images):
        return {"cnn": images.float().mean(dim=(2, 3))[:, None, None] / 255}

    data.keep_frozen(branches={}, settings="", extractor=extractor, complete=False, cache=tmp_path, ridge=True)
    for loader in (data.train_dataloader(), data.val_dataloader(), data.test_dataloader()):
        for batch in loader:
            for view in (batch.distorted, batch.reference):
                assert torch.allclose(view.known["cnn"].float(), extractor(view.image)["cnn"], atol=1e-3)
