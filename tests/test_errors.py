import pickle

import pytest

from ksiqa.errors import ConfigError, ImageError, choice


def test_three_parts():
    error = ImageError(found="an image of 1x1", expected="more", do="take another")
    assert str(error) == "found: an image of 1x1\nexpected: more\ndo: take another"


def test_an_error_survives_the_way_from_another_process():
    error = ConfigError(found="a\nb", expected="c", do="d")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is ConfigError
    assert (again.found, again.expected, again.do) == ("a\nb", "c", "d")


def test_a_traceback_in_front_of_the_text_is_left_out():
    text = "Caught ImageError in worker 0.\nOriginal Traceback:\n  raise ImageError(found=x)\nE: "
    again = ImageError(text + str(ImageError(found="a", expected="b", do="c")) + "\n")
    assert (again.found, again.expected, again.do) == ("a", "b", "c")


def test_a_text_without_parts_stays_readable():
    assert "something else" in str(ImageError("something else"))


@pytest.mark.parametrize(("value", "do"), [("jont", "set x=joint (the nearest name)"), ("qqq", "set x=joint")])
def test_choice(value, do):
    assert choice("none", allowed=("none", "joint"), name="x") == "none"
    with pytest.raises(ConfigError) as error:
        choice(value, allowed=("none", "joint"), name="x")
    assert str(error.value) == f"found: x={value}\nexpected: one of joint, none\ndo: {do}"
