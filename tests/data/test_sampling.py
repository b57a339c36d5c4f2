from collections import Counter

from ksiqa.data.sampling import SameSizeBatches, SeededOrder


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
    assert Counter(drawn) == Counter({(place, number): 1 for place in range(10) for number in range(2)})
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


def test_batches_hold_images_of_one_size_and_every_image_once():
    sizes = [(4, 4), (4, 6), (4, 4), (4, 4), (6, 4), (4, 6)]
    batches = list(SameSizeBatches(sizes=sizes, batch_size=2))
    assert all(len({sizes[draw.place] for draw in batch}) == 1 for batch in batches)
    assert all(len(batch) <= 2 for batch in batches)
    assert sorted(draw for batch in batches for draw in batch) == [(place, 0) for place in range(6)]
    assert len(SameSizeBatches(sizes=sizes, batch_size=2)) == len(batches) == 4
