"""Which images a model has learned from."""

from ksiqa.data.synthetic.synthetic_images import SyntheticImages
from ksiqa.training.images_seen import SEEN, images_seen, never_seen, photograph_seen, seen_again
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


def test_images_of_validation_parts_are_known_again_too(pairs):
    one, training = quality_data(table_images(pairs)), quality_data(table_images(pairs))
    training.split = type(one.split)(train=tuple(range(34)), validation=(), test=(), source="random", index=0)
    seen = images_seen([training], before=None)
    assert seen_again(seen, [one], part="validation") == 4
    assert never_seen(seen, one, one.split.validation) == list(range(34, 40))
    assert seen_again({"seed": 0}, [one], part="validation") is None
    assert never_seen({"seed": 0}, one, one.split.validation) == []


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


def test_photographs_are_known_by_name_and_size(pristine):
    settings = {"families": ["jpeg"], "levels": [1], "size": None, "pristine": True, "seed": 0, "cache": None}
    photographs = sorted(pristine.iterdir())
    source = SyntheticImages(name="folder", photographs=photographs, keep_in_memory=False, **settings)
    seen = images_seen([quality_data(source)], before=None)
    names = sorted(set(source.table.contents))
    assert [photograph_seen(seen, name=name, size=(96, 96)) for name in names] == [True] * 4 + [False]
    assert not photograph_seen(seen, name=names[0], size=(96, 97))
    assert not photograph_seen({"seed": 0}, name=names[0], size=(96, 96))
