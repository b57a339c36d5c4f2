"""The table of scores where no terminal is."""

from rich.console import Console

from ksiqa.prediction.show import show
from tests.prediction.conftest import row


def test_nothing_is_folded_where_no_terminal_is(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    name = "photographs/" + "long " * 30 + ".png"
    show([row(name, score=0.5, error="why " * 30)])
    (line,) = (one for one in capsys.readouterr().out.splitlines() if name in one)
    assert "why " * 29 in line


def test_that_scores_of_two_parts_are_on_two_scales_is_said_where_both_stand(capsys):
    show([row("a.png", score=0.5)])
    assert "NR score" not in capsys.readouterr().out
    show([{**row("a.png", score=0.5), "nr_score": 0.7}, {**row("b.png", error="no reference"), "nr_score": None}])
    told = capsys.readouterr().out
    assert told.endswith("Each is on the scale that this part of the model learned, so that they may lie apart.\n")


def test_a_terminal_shows_the_interval_on_one_line_and_no_empty_column(capsys, monkeypatch):
    monkeypatch.setattr("ksiqa.prediction.show.open_console", lambda: Console(width=60))
    show([{**row("photographs/of/a/summer/001.png", score=0.5), "low": 0.41, "high": 0.592}])
    told = capsys.readouterr().out
    assert "0.41 to 0.59" in told
    assert "error" not in told
