"""The images of the largest errors, and their quality maps by real models."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ksiqa.inference.model_folder import save_model
from ksiqa.inference.scoring import load
from ksiqa.report import dashboard
from ksiqa.report.dashboard import write_dashboard
from ksiqa.report.dashboard.worst import model_of
from ksiqa.report.page.picture import few_cells
from ksiqa.report.table.runs import read_runs
from tests.inference.conftest import saved
from tests.prediction.conftest import crop
from tests.report.dashboard.conftest import asked, page
from tests.report.table.conftest import groups_of


@pytest.fixture
def runs(five: Path, tmp_path: Path) -> Path:
    """The five splits; the first recipe's model has maps, the other's is plain."""
    shutil.copytree(five, tmp_path / "runs")
    for name, trained in (("good", saved()), ("worse", saved(kind="plain", fr=False))):
        save_model(trained, tmp_path / name)
        for split in range(5):
            (tmp_path / "runs" / f"{name}-{split}" / "model").symlink_to(tmp_path / name)
    return tmp_path / "runs"


def test_the_largest_mean_errors_come_first(five: Path, tmp_path: Path) -> None:
    images, (kind,) = page(tmp_path / "page.html", five, worst=6)
    tables = [pd.read_csv(five / f"good-{split}" / "predictions.csv").assign(run=split) for split in range(5)]
    table = pd.concat(tables)
    table["error"] = table["score"] - table["label"] / 100
    means = table.assign(size=table["error"].abs()).groupby("image")["size"].mean().sort_values(ascending=False)
    cards = kind["worst"][0]["cards"]
    assert [images["names"][card["image"]] for card in cards] == list(means.index[:6])
    of_first = table[table["image"] == means.index[0]]
    assert cards[0]["tested"] == len(of_first)
    assert cards[0]["run"] == of_first["run"].iloc[of_first["error"].abs().argmax()]
    distances = [card["distance"] for card in cards]
    assert distances == pytest.approx(list(means[:6]), rel=1e-3)
    assert not any("map" in card for card in cards)


def test_maps_are_of_the_runs_models_or_it_is_said_why_not(runs: Path, tmp_path: Path) -> None:
    images, (kind,) = page(tmp_path / "page.html", runs, worst=2, maps=True)
    good, worse = (one["cards"] for one in kind["worst"])
    for card in good:
        number = int(images["names"][card["image"]].removesuffix(".png"))
        scored = load(runs / f"good-{card['run']}" / "model").score(crop(number), maps=True)
        assert card["map"] == few_cells(np.asarray(scored.quality_map))
    assert {card["note"] for card in worse} == {"no quality map: the run's model is plain, damaged or missing"}


def test_where_no_model_is_its_path_is_told_by_the_terminal_alone(five: Path, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    notes = write_dashboard(path, groups_of(five), asked(worst=1, maps=True))
    assert [note.partition("; first ")[0] for note in notes] == ["2 images have no quality map"]
    assert str(five) in notes[0]
    assert str(five) not in path.read_text()


def test_maps_are_left_out_where_the_room_is_used_up(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "PICTURES", 1)
    _, (kind,) = page(tmp_path / "page.html", runs, worst=2, maps=True)
    cards = [card for one in kind["worst"] for card in one["cards"]]
    assert not any("map" in card for card in cards)
    assert {card["note"] for card in cards} == {"no quality map: the room for pictures is used up"}


def test_none_are_shown_where_none_are_asked_for(five: Path, tmp_path: Path) -> None:
    _, (kind,) = page(tmp_path / "page.html", five, worst=0)
    assert [one["cards"] for one in kind["worst"]] == [[], []]


def test_an_evaluations_model_is_the_one_that_it_was_given(five: Path, tmp_path: Path) -> None:
    (run,) = read_runs([five / "good-0"]).runs
    assert model_of(run) == five / "good-0" / "model"
    for checkpoint in ("shipped", str(tmp_path / "model"), "owner/name"):
        told = {"checkpoint": checkpoint, "directory": str(tmp_path)}
        assert model_of(replace(run, results=run.results | told)) == checkpoint
    older = replace(run, results=run.results | {"checkpoint": "runs/model"})  # a folder, and no name on the hub
    assert model_of(older) == Path("runs/model").absolute()
