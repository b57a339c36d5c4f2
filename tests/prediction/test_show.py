"""The table of scores where no terminal is."""

from ksiqa.prediction.show import show
from tests.prediction.conftest import row


def test_nothing_is_folded_where_no_terminal_is(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    name = "photographs/" + "long " * 30 + ".png"
    show([row(name, score=0.5, error="why " * 30)])
    (line,) = (one for one in capsys.readouterr().out.splitlines() if name in one)
    assert "why " * 29 in line
