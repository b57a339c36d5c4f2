from collections import Counter

import pytest
import torch

from ksiqa.data.mixed import MixedData, same_photographs
from ksiqa.data.split_rules import Split
from ksiqa.errors import ConfigError, SplitError
from tests.data.conftest import process
from tests.tiny import quality_data, table_images, write_table


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    """Ten contents at five levels of blur, without references: twice as many as ``scored_files``."""
    file = write_table(tmp_path_factory.mktemp("larger"), contents=10, first=10, references=False)
    return table_images(file, references=False, name="larger")


def _mixed(one, two, *, shares=(3, 1), **changes):
    return MixedData([quality_data(one, **changes), quality_data(two, **changes)], shares=shares)


def _loaders(data, **settings):
    batches = data.batches(processes=settings.get("processes", 1))
    return [one.train_dataloader(batches=batches, **settings) for one in data.sets]


def test_a_mix_has_its_sets_names_and_as_many_images_an_epoch_as_they(scored_files, larger):
    data = _mixed(scored_files, larger)
    assert data.name == "table+larger"
    assert [one.share for one in data.sets] == [0.75, 0.25]
    assert data.batches(processes=1) == 6  # 15 and 30 images in batches of 8
    assert data.batches(processes=2) == 3
    assert data.batches(processes=1, paired=True) == 2
    assert data.has_validation


def test_every_step_mixes_the_sets_in_their_shares(scored_files, larger):
    for steps in zip(*_loaders(_mixed(scored_files, larger)), strict=True):
        assert [len(batch.score) for batch in steps] == [6, 2]
    counts = [
        [len(batch.score) for batch in loader] for loader in _loaders(_mixed(scored_files, larger, shares=(0.3, 0.5)))
    ]
    assert counts == [[3] * 6, [5] * 6]


def test_every_image_of_a_set_is_drawn_equally_often(scored_files, larger):
    """36 draws an epoch of 15 images, 12 of 30: five epochs draw each of these 12 times and 2 times."""
    drawn = [Counter(), Counter()]
    for rows, loader in zip(drawn, _loaders(_mixed(scored_files, larger)), strict=True):
        for epoch in range(5):
            loader.batch_sampler.sampler.set_epoch(epoch)
            rows.update(row for batch in loader for row in batch.row.tolist())
    assert drawn == [dict.fromkeys(range(15), 12), dict.fromkeys(range(30), 2)]


def test_the_result_does_not_depend_on_the_workers(scored_files, larger):
    shares = (0.6, 0.4)  # 4.8 and 3.2 images
    loaded = [
        [list(loader) for loader in _loaders(_mixed(scored_files, larger, shares=shares, workers=workers))]
        for workers in (0, 2)
    ]
    for one, two in zip(*(sum(batches, []) for batches in loaded), strict=True):  # noqa: RUF017  (two lists)
        assert torch.equal(one.distorted.image, two.distorted.image)
        assert torch.equal(one.row, two.row)


def test_processes_have_full_steps_and_draw_together_what_one_would(scored_files, larger):
    shares = (0.6, 0.4)
    data = _mixed(scored_files, larger, shares=shares)
    alone = [list(loader.batch_sampler) for loader in _loaders(data)]
    together = [[], []]
    for rank in range(2):
        with process(rank, of=2):
            mine = [list(loader.batch_sampler) for loader in _loaders(data, processes=2)]
        assert [sum(map(len, step)) for step in zip(*mine, strict=True)] == [8, 8, 8]
        for drawn, batches in zip(together, mine, strict=True):
            drawn += [draw for batch in batches for draw in batch]
    for drawn, batches in zip(together, alone, strict=True):
        assert Counter(drawn) == Counter(draw for batch in batches for draw in batch)


def test_a_share_under_an_image_a_step(scored_files, larger):
    with pytest.raises(
        ConfigError,
        match=r"found: data.sets.larger.share: 0.8 of 8 images a step\nexpected: an image.*\ndo: raise the",
    ):
        _mixed(scored_files, larger, shares=(0.9, 0.1))
    assert _mixed(scored_files, larger, shares=(0.875, 0.125)).sets[1].share == 0.125


def test_a_validation_part_in_some_sets_alone(scored_files, larger):
    without = Split("files", 0, tuple(range(20)), (), tuple(range(20, 25)))
    sets = [quality_data(scored_files, split=without), quality_data(larger)]
    with pytest.raises(SplitError, match=r"found: a mix in which table has no validation part and others have\nexpec"):
        MixedData(sets, shares=[1, 1])


@pytest.mark.parametrize(
    ("trained", "tested", "same"),
    [
        (["live"], "tid2013", True),
        (["koniq10k", "tid2013"], "live", True),
        (["live"], "live", False),  # itself, of which the split tells
        (["live"], "csiq", False),
    ],
)
def test_a_test_on_photographs_that_were_trained_on_in_another_set(trained, tested, same):
    assert same_photographs(trained, tested) is same


def test_sets_of_the_same_photographs(scored_files, tmp_path):
    names = ("live", "tid2013")
    sources = [table_images(write_table(tmp_path / name, contents=5), name=name) for name in names]
    with pytest.raises(
        ConfigError,
        match=r"found: training on live and tid2013, which distort the same photographs\n.*\ndo: leave tid2013",
    ):
        MixedData([quality_data(source) for source in sources], shares=[1, 1])
