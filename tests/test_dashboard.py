"""The command, as it is called."""

import json
from pathlib import Path

import pytest

from ksiqa import dashboard
from ksiqa.report.table import options
from ksiqa.report.table.groups import SCORES
from ksiqa.report.table.summary import FIGURES
from tests.report.table.conftest import write_run


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two recipes on a split, below the working directory; W&B knows no key here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    for name, rate in (("a", 0.1), ("b", 0.2)):
        write_run(Path("runs") / name, noise=rate, config={"variant": name, "task": {"head_lr": rate}})
    return Path("runs")


def test_the_page_is_written_and_what_it_lacks_is_said(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (write_run(runs / "c") / "results.json").unlink()
    dashboard.main(["runs"])
    unfinished, pictures, written = capsys.readouterr().err.splitlines()
    assert unfinished == "1 unfinished run is left out, first runs/c"
    assert pictures.startswith("20 images have no picture")
    assert written == "dashboard.html"
    assert Path("dashboard.html").read_text().startswith("<!doctype html>")


def test_the_title_and_the_options_reach_the_page(runs: Path) -> None:
    dashboard.main(["runs", "--output", "page.html", "--title", "Mine", "--figures", "krcc", "--against", "b"])
    text = Path("page.html").read_text()
    assert "<title>Mine</title>" in text
    assert '"boxes":{"KRCC":' in text
    assert '"against":"b"' in text


def test_without_a_key_the_view_of_wandb_is_written_and_that_is_said(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dashboard.main(["runs", "--wandb", "team/quality", "--output", "view.json", "--title", "Ten splits"])
    assert capsys.readouterr().err == ("not uploaded: WANDB_MODE says not to; the view's spec is in view.json\n")
    view = json.loads(Path("view.json").read_text())
    assert (view["entity"], view["project"], view["displayName"]) == ("team", "quality", "Ten splits")
    assert "config:variant" in Path("view.json").read_text()


def test_what_may_be_asked_for_is_what_there_is() -> None:
    assert tuple(SCORES) == options.SCORES
    assert tuple(FIGURES) == options.FIGURES


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "found: no RUNS\nexpected: folders of runs"),
        (["nowhere"], "found: nowhere, which is neither a folder nor a results.csv"),
        (["runs", "--output", "no/page.html"], "found: no folder no\nexpected: "),
        (
            ["runs", "--output", "page.pdf"],
            "found: --output page.pdf\nexpected: a name that ends in .html, of the page",
        ),
        (["runs", "--wandb", "p", "--output", "page.html"], "expected: a name that ends in .json, of the view"),
        (["runs", "--against", "nobody"], "found: --against nobody\nexpected: one of a; b"),
        (["runs", "--scores", "ridge"], "found: no row for --scores ridge\nexpected: "),
        (["runs", "--worst", "51"], "found: --worst=51\nexpected: 0 to 50"),
        (["runs", "--draws", "0"], "found: --draws=0\nexpected: 1 or more"),
        (["runs", "--label", "nose"], "found: --label nose\nexpected: a setting of the runs"),
    ],
)
def test_errors_are_text(arguments: list[str], expected: str, runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        dashboard.main(arguments)
    assert exit_.value.code == 2
    told = capsys.readouterr().err
    assert expected in told
    assert "Traceback" not in told
    assert not Path("dashboard.html").exists()
