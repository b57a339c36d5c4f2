"""Which images a model has learned from."""

from ksiqa.training.images_seen import SEEN, images_seen, seen_again
from tests.tiny import quality_data, table_images, write_table


def test_images_are_known_again_by_name_and_size(pairs, tmp_path):
    one = quality_data(table_images(pairs))
    seen = images_seen([one], before=None)
    assert len(seen[SEEN].split()) == 40  # of training and validation
    assert seen_again(seen, [one]) == 0
    write_table(tmp_path / "moved", contents=10)
    backwards = table_images(tmp_path / "moved" / "scores.csv")
    other = quality_data(backwards)
    other.split = type(other.split)(train=(), validation=(), test=tuple(range(50)), source="random", index=0)
    assert seen_again(seen, [other]) == 40


def test_the_images_of_a_forerunner_count(pairs, photographs):
    sets = [quality_data(table_images(pairs)), quality_data(table_images(photographs, references=False))]
    both = images_seen(sets[1:], before=images_seen(sets[:1], before=None))
    assert len(both[SEEN].split()) == 80


def test_what_was_never_noted_is_not_known(pairs):
    one = quality_data(table_images(pairs))
    assert images_seen([one], before={"seed": 0}) == {}
    assert seen_again({"seed": 0}, [one]) is None


def test_more_than_a_config_holds_are_not_noted(pairs, monkeypatch):
    one = quality_data(table_images(pairs))
    monkeypatch.setattr("ksiqa.training.images_seen.MOST", 39)
    assert images_seen([one], before=None) == {}
