from collections import Counter
from fractions import Fraction
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ksiqa.data.training_batches import ALONE, TrainingBatches
from tests.data.conftest import process


def _batches(*, slot=ALONE, size=10, batch_size=4, batches=5, seed=0, phase=0, epoch=0):
    made = TrainingBatches(
        places=range(size), batch_size=batch_size, batches=batches, slot=slot, seed=seed, phase=phase
    )
    made.sampler.set_epoch(epoch)
    return made


def _slots(shares):
    return list(pairwise(accumulate((Fraction(share, sum(shares)) for share in shares), initial=Fraction(0))))


def test_a_source_alone_fills_each_batch_with_its_order():
    made = _batches(epoch=1)
    assert [draw for batch in made for draw in batch] == list(made.sampler)
    assert [len(batch) for batch in made] == [4] * 5
    assert len(made) == 5


@settings(deadline=None, max_examples=100)
@given(
    shares=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    batch_size=st.integers(1, 40),
    batches=st.integers(1, 30),
    epoch=st.integers(0, 3),
)
def test_slots_side_by_side_fill_every_batch_and_shares_hold_over_an_epoch(shares, batch_size, batches, epoch):
    counts = [
        _batches(slot=slot, batch_size=batch_size, batches=batches, epoch=epoch).images() for slot in _slots(shares)
    ]
    assert all(sum(step) == batch_size for step in zip(*counts, strict=True))
    for share, found in zip(shares, counts, strict=True):
        in_a_batch = batch_size * share / sum(shares)
        assert abs(sum(found) - batches * in_a_batch) <= 1
        assert all(abs(one - in_a_batch) < 1 + 1 / batches for one in found)


@pytest.mark.parametrize("shares", [(1, 1), (3, 7), (1, 1, 1), (6, 3, 1)])
def test_whole_epochs_hold_the_shares_exactly(shares):
    """Shares of 60 images: no rounding is left over an epoch, whatever a batch of 10 has."""
    counts = [sum(_batches(slot=slot, batch_size=10, batches=6).images()) for slot in _slots(shares)]
    assert counts == [60 * share // sum(shares) for share in shares]


def test_an_image_a_batch_is_the_least_that_a_slot_gives():
    """A quarter, a tenth, the rest of ten images: edges at 2.5 and 3.5."""
    for batches in range(1, 12):
        middle = _batches(slot=(Fraction(1, 4), Fraction(7, 20)), batch_size=10, batches=batches)
        assert middle.images() == [1] * batches


def test_every_image_is_drawn_equally_often():
    """Half of each batch of 4: 10 draws an epoch of 5 batches, for 4 images."""
    drawn = Counter(
        draw.place
        for epoch in range(2)
        for batch in _batches(slot=(Fraction(1, 2), Fraction(1)), size=4, epoch=epoch)
        for draw in batch
    )
    assert drawn == dict.fromkeys(range(4), 5)


def test_rounding_is_seeded_and_each_epoch_has_its_own():
    slot = (Fraction(0), Fraction(3, 8))  # one and a half of four images
    one = _batches(slot=slot, batches=40)
    assert one.images() == one.images() == _batches(slot=slot, batches=40).images()
    assert sorted(set(one.images())) == [1, 2]
    for other in ({"seed": 1}, {"phase": 1}, {"epoch": 1}):
        assert _batches(slot=slot, batches=40, **other).images() != one.images()


def test_places_name_the_images():
    made = TrainingBatches(places=[3, 7, 8], batch_size=3, batches=1, slot=ALONE, seed=0, phase=0)
    (batch,) = made
    assert sorted(draw.place for draw in batch) == [3, 7, 8]


@pytest.mark.parametrize("share", [1, Fraction(1, 2)])
def test_a_batch_holds_images_of_one_content_also_beside_another_source(share):
    contents = [name for name in "abcde" for _ in range(8)]
    made = TrainingBatches(
        places=range(40),
        batch_size=8,
        batches=5,
        slot=(Fraction(0), Fraction(share)),
        seed=0,
        phase=0,
        contents=contents,
    )
    assert [len({contents[draw.place] for draw in batch}) for batch in made] == [1] * 5
    assert {len(batch) for batch in made} == {8 * share}


def test_processes_take_every_nth_batch_of_the_same_order():
    made = _batches(slot=(Fraction(1, 3), Fraction(1)), batches=6, epoch=2)
    whole = list(made)
    assert [len(batch) for batch in whole].count(4) == 0  # a slot leaves room for others
    for rank in range(3):
        with process(rank, of=3):
            assert list(made) == whole[rank::3]
            assert len(made) == 2
