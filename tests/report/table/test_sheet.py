"""What a cell shows."""

import pytest

from ksiqa.metric.spread import Spread, spread
from ksiqa.report.table.sheet import Between, Both, Chance, Middle, Signed, number, plain, signed, text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.8504, ".850"),
        (-0.0126, "-.013"),
        (0.0, ".000"),
        (1.0, "1.00"),
        (0.9996, "1.00"),
        (11.1399, "11.14"),
        (-1.5, "-1.50"),
    ],
)
def test_numbers(value, shown):
    assert number(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(0.012, "+.012"), (-0.012, "-.012"), (-0.0001, ".000"), (0.0001, ".000")])
def test_differences(value, shown):
    assert signed(value) == shown
    assert text(Signed(value)) == shown


def test_spreads():
    ten = spread([0.8, 0.85, 0.9])
    assert text(ten) == ".850 (.800 to .900, sd .050)"
    assert text(Middle(ten)) == ".850"
    assert text(spread([0.85])) == ".850"


def test_a_failed_fit_is_said_everywhere():
    assert text(spread([0.85, 0.8, None])) == ".825 (.800 to .850, sd .035), 1 no fit"
    assert text(Middle(spread([0.85, None]))) == ".850, 1 no fit"
    assert text(spread([None, None])) == "no fit"
    assert text(Both(0.9, None, 10)) == ".900/no fit"
    assert text(Both(0.9, 0.91, 1)) == ".900/.910, 1 no fit"


def test_what_is_not_there():
    assert text(None) == text(Spread(None, None, None, None, 0, 0)) == text(Both(None, None)) == "–"
    assert text(Both(0.984, None)) == ".984/–"


def test_other_cells():
    assert text(Between(-0.01, 0.123)) == "[-.010, +.123]"
    assert text(Both(0.966, 0.971)) == ".966/.971"
    assert [text(Chance(p)) for p in (0.0001, 0.0005, 0.05)] == ["<.001", ".001", ".050"]
    assert (text(7), text("a name")) == ("7", "a name")


def test_csv_has_every_number():
    whole = {"x median": 0.85, "x min": 0.8, "x max": 0.9, "x sd": pytest.approx(0.05), "x splits": 3, "x no fit": 1}
    found = spread([0.8, 0.85, None, 0.9])
    assert plain("x", found) == plain("x", Middle(found)) == whole
    assert plain("x", Between(1.0, 2.0)) == {"x low": 1.0, "x high": 2.0}
    assert plain("x", Both(0.9, 0.8, 0)) == {"x SRCC": 0.9, "x PLCC": 0.8, "x no fit": 0}
    assert plain("x", Signed(0.5)) == {"x": 0.5}
    assert plain("x", None) == {"x": None}
