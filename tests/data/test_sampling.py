from collections import Counter

import pytest

from ksiqa.data.sampling import SameSizeBatches, SeededOrder
from ksiqa.errors import ConfigError
from tests.data.conftest import process


def _draws(order, epochs):
    drawn = []
    for epoch in range(epochs):
        order.set_epoch(epoch)
        drawn.append(list(order))
    return drawn


def test_an_epoch_of_all_images_is_a_permutation_and_each_epoch_another():
    first, second = _draws(SeededOrder(size=10, draws=10, seed=0), 2)
    assert sorted(draw.place for draw in first) == list(range(10)) == sorted(draw.place for draw in second)
    assert [draw.place for draw in first] != [draw.place for draw in second]
    assert {draw.number for draw in first} == {0}
    assert {draw.number for draw in second} == {1}


def test_the_next_epoch_goes_on_where_the_last_one_ended():
    """Epochs of 4 draws over 10 images: after five of them every image was drawn twice, with numbers 0 and 1."""
    order = SeededOrder(size=10, draws=4, seed=3)
    drawn = [draw for epoch in _draws(order, 5) for draw in epoch]
    assert len(order) == 4
    assert Counter(drawn) == Counter({(place, number, 0): 1 for place in range(10) for number in range(2)})
    whole = [draw for epoch in _draws(SeededOrder(size=10, draws=10, seed=3), 2) for draw in epoch]
    assert drawn == whole


def test_more_draws_than_images():
    (drawn,) = _draws(SeededOrder(size=3, draws=8, seed=0), 1)
    counts = Counter(draw.place for draw in drawn)
    assert sorted(counts.values()) == [2, 3, 3]
    assert len(set(drawn)) == 8  # never the same draw twice: each has a crop of its own


def test_order_depends_on_seed_and_epoch_alone():
    one, two = SeededOrder(size=20, draws=20, seed=1), SeededOrder(size=20, draws=20, seed=1)
    list(one)
    one.set_epoch(5)
    two.set_epoch(5)
    assert list(one) == list(two) == list(one)
    assert list(one) != list(SeededOrder(size=20, draws=20, seed=2))


def test_images_of_one_content_come_in_runs_and_what_is_left_of_contents_comes_last():
    contents = ["a"] * 7 + ["b"] * 6 + ["c"] * 2
    order = SeededOrder(size=15, draws=15, seed=0, contents=contents, run=3)
    first, second = _draws(order, 2)
    assert sorted(draw.place for draw in first) == sorted(draw.place for draw in second) == list(range(15))
    assert [draw.place for draw in first] != [draw.place for draw in second]
    for drawn in (first, second):
        seen = [contents[draw.place] for draw in drawn]
        assert [len(set(seen[at : at + 3])) for at in range(0, 12, 3)] == [1, 1, 1, 1]
        assert sorted(seen[:12]) == ["a"] * 6 + ["b"] * 6
        assert sorted(seen[12:]) == ["a", "c", "c"]


def test_runs_start_with_a_batch_in_each_permutation():
    contents = [name for name in "abcde" for _ in range(20)]  # of each two runs of 8, and 4 that are left
    (drawn,) = _draws(SeededOrder(size=100, draws=200, seed=0, contents=contents, run=8), 1)
    assert sorted(draw.place for draw in drawn) == sorted([*range(100), *range(100)])
    batches = [{contents[draw.place] for draw in drawn[at : at + 8]} for at in range(0, 200, 8)]
    assert sum(len(one) == 1 for one in batches) >= 2 * 5 * 2


def test_batches_hold_images_of_one_size_and_every_image_once():
    sizes = [(4, 4), (4, 6), (4, 4), (4, 4), (6, 4), (4, 6)]
    batches = list(SameSizeBatches(sizes=sizes, batch_size=2))
    assert all(len({sizes[draw.place] for draw in batch}) == 1 for batch in batches)
    assert all(len(batch) <= 2 for batch in batches)
    assert sorted(draw for batch in batches for draw in batch) == [(place, 0, 0) for place in range(6)]
    assert len(SameSizeBatches(sizes=sizes, batch_size=2)) == len(batches) == 4


def test_each_phase_has_an_order_and_draws_of_its_own():
    first, second = (list(SeededOrder(size=20, draws=20, seed=1, phase=phase)) for phase in (0, 1))
    assert first == list(SeededOrder(size=20, draws=20, seed=1))
    assert sorted(draw.place for draw in second) == list(range(20))
    assert [draw.place for draw in first] != [draw.place for draw in second]
    assert not set(first) & set(second)


@pytest.mark.parametrize(("batch_size", "counts"), [(2, [2, 1, 1]), (8, [1, 1, 1])])
def test_processes_share_the_batches_and_none_goes_without(batch_size, counts):
    """Batches of 8 would be two for three processes: they are made smaller."""
    sizes = [(4, 4)] * 5 + [(4, 6)] * 2
    sampler = SameSizeBatches(sizes=sizes, batch_size=batch_size)
    dealt = []
    for rank in range(3):
        with process(rank, of=3):
            dealt.append(list(sampler))
            assert len(sampler) == len(dealt[-1])
    batches = [batch for one in dealt for batch in one]
    assert [len(one) for one in dealt] == counts
    assert sorted(draw.place for batch in batches for draw in batch) == list(range(7))
    assert all(len({sizes[draw.place] for draw in batch}) == 1 for batch in batches)


def test_fewer_images_than_processes():
    with process(1, of=3):
        assert list(SameSizeBatches(sizes=[], batch_size=2)) == []
        with pytest.raises(
            ConfigError, match=r"found: 2 images to score by 3 processes\nexpected: .*\ndo: set split.v"
        ):
            list(SameSizeBatches(sizes=[(4, 4), (4, 4)], batch_size=2))
