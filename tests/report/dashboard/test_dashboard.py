"""What the page holds, compared with the runs' own files and with ``ksiqa table``."""

import json
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ksiqa.report import dashboard
from ksiqa.report.table.formats import render
from ksiqa.report.table.kept import kept
from ksiqa.report.table.summary import USUAL, summary
from tests.report.dashboard.conftest import page
from tests.report.table.conftest import groups_of, write_run

HOSTILE = "</script><script>alert(1)</script>"


def results(run: Path) -> dict:
    return json.loads((run / "results.json").read_text())


def test_boxes_are_the_figures_of_the_runs(five: Path, tmp_path: Path) -> None:
    _, (kind,) = page(tmp_path / "page.html", five)
    assert kind["rows"] == ["good", "worse"]
    for place, name in enumerate(kind["rows"]):
        found = kind["boxes"]["SRCC"][place]
        values = [results(five / f"{name}-{split}")["test/srcc"] for split in range(5)]
        assert found["row"] == place
        assert found["splits"] == ["0", "1", "2", "3", "4"]
        np.testing.assert_allclose(found["values"], values, rtol=5e-4)
        np.testing.assert_allclose(found["box"], np.percentile(values, (0, 25, 50, 75, 100)), rtol=5e-4)
        assert found["median"] == found["box"][2]


def test_curves_are_all_of_metrics_csv(five: Path, tmp_path: Path) -> None:
    _, (kind,) = page(tmp_path / "page.html", five)
    assert list(kind["curves"]["figures"]) == ["train/loss", "validation/srcc"]
    assert len(kind["curves"]["runs"]) == 10
    assert kind["curves"]["runs"][7] == {"row": 1, "name": "split 2, seed 0", "epochs": [1, 2, 3]}
    table = pd.read_csv(five / "worse-2" / "metrics.csv")
    np.testing.assert_allclose(kind["curves"]["figures"]["train/loss"]["7"], table["train/loss"], rtol=5e-4)


def test_points_are_the_predictions(five: Path, tmp_path: Path) -> None:
    images, (kind,) = page(tmp_path / "page.html", five)
    cloud = kind["clouds"][1]
    assert cloud["of"] == len(cloud["image"]) == 100
    table = pd.read_csv(five / "worse-3" / "predictions.csv").sort_values("image")
    of_run = np.flatnonzero(np.array(cloud["run"]) == 3)
    assert [images["names"][cloud["image"][at]] for at in of_run] == list(table["image"])
    np.testing.assert_allclose(np.array(cloud["score"])[of_run], table["score"], rtol=5e-4)
    np.testing.assert_allclose(np.array(cloud["label"])[of_run], table["label"], rtol=5e-4)
    np.testing.assert_allclose(np.array(cloud["wanted"])[of_run], table["label"] / 100, rtol=5e-4)
    assert len(images["pictures"]) == len(images["names"])
    assert images["notes"] == []


def test_differences_and_settings(five: Path, tmp_path: Path) -> None:
    _, (kind,) = page(tmp_path / "page.html", five, against="worse")
    (bar,) = kind["bars"]["bars"]
    pairs = [[results(five / f"{name}-{split}")["test/srcc"] for name in ("good", "worse")] for split in range(5)]
    assert kind["bars"]["against"] == "worse"
    assert (bar["row"], bar["parts"]) == (0, 5)
    assert bar["difference"] == pytest.approx(np.mean([good - worse for good, worse in pairs]), rel=5e-4)
    assert bar["drawn"][0] < bar["difference"] < bar["drawn"][1]
    assert bar["tested"][0] < bar["difference"] < bar["tested"][1]
    (axis,) = kind["swept"]["axes"]
    assert axis == {"name": "variant", "alike": ["task.head_lr"], "scale": "names", "values": ["good", "worse"]}


def test_tables_and_marks_are_those_of_ksiqa_table(five: Path, tmp_path: Path) -> None:
    """Every line of the Markdown table, its title with the marks and its notes stand in the page."""
    write_run(tmp_path / "official", source="official", config={"variant": "official"})
    write_run(tmp_path / "selected", config={"variant": "selected"}, **{"best_on_test/srcc": 0.9})
    runs = [five, tmp_path / "official", tmp_path / "selected"]
    _, kinds = page(tmp_path / "page.html", *runs)
    sections = summary(groups_of(*runs), scores=["model"], figures=USUAL)
    assert [kind["title"] for kind in kinds] == [section.title for section in sections]
    assert {kind["title"].partition("; marked: ")[2] for kind in kinds} == {
        "fewer than ten splits", "official split", "fewer than ten splits, selected on the test part",
    }  # fmt: skip
    text = unescape((tmp_path / "page.html").read_text())
    for line in render(sections, form="markdown").splitlines():
        if line.startswith("| ---"):
            continue
        if line.startswith("| "):
            for cell in line.strip("| ").split(" | "):
                assert f">{cell}</t" in text, cell
        elif line:
            assert line.strip("*") in text


def test_pseudo_scores_are_never_called_mos(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "one", label="pseudo-score", data="demo")
    _, (kind,) = page(tmp_path / "page.html", tmp_path / "runs")
    assert kind["label"] == "pseudo-score"
    assert kind["title"] == "demo (pseudo-score); marked: fewer than ten splits, pseudo-scores"
    assert "MOS" not in (tmp_path / "page.html").read_text()


def test_names_of_strangers_end_nothing(tmp_path: Path) -> None:
    run = write_run(tmp_path / "runs" / "<script>alert(1)<", config={"variant": HOSTILE, "name": HOSTILE}, data=HOSTILE)
    write_run(tmp_path / "runs" / "b", config={"variant": "b", "name": f"b{HOSTILE}"}, data=HOSTILE)
    for name in ("predictions.csv", "metrics.csv"):
        text = (run / name).read_text()
        changed = text.replace(".png", f"{HOSTILE}.png").replace("train/loss", HOSTILE)
        (run / name).write_text(changed)
    path = tmp_path / "page.html"
    images, (kind,) = page(path, tmp_path / "runs", title=HOSTILE)
    assert kind["rows"][0] == HOSTILE
    assert images["names"][0].endswith(f"{HOSTILE}.png")
    assert HOSTILE in kind["curves"]["figures"]
    assert "alert(1)" in path.read_text()
    assert path.read_text().count("<script") == 1 + len(["images", "kind"])
    assert HOSTILE not in path.read_text()


def test_kept_results_without_folders_are_shown_too(five: Path, tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    file.write_text(render([kept(groups_of(five))], form="csv"))
    images, (kind,) = page(tmp_path / "page.html", file)
    assert (kind["clouds"], kind["worst"], kind["curves"]["figures"], images["names"]) == ([], [], {}, [])
    assert len(kind["boxes"]["SRCC"]) == 2
    assert kind["bars"]["bars"][0]["parts"] == 5


def test_a_damaged_run_does_not_end_the_page(five: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "runs" / "one", config={"data": {"root": str(tmp_path)}})
    (run / "metrics.csv").write_text("")
    (tmp_path / "00.png").write_text("no image")
    images, (kind,) = page(tmp_path / "page.html", tmp_path / "runs")
    assert kind["curves"]["figures"] == {}
    assert len(images["notes"]) == 1 + ("00.png" in images["names"])


def test_the_same_runs_give_the_same_page(five: Path, tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        page(tmp_path / name, five)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_numbers_are_bounded(five: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more points and epochs than the page has room for, every second, third, … is drawn, and that is said."""
    monkeypatch.setattr("ksiqa.report.dashboard.clouds.MOST", 70)
    monkeypatch.setattr("ksiqa.report.dashboard.curves.MOST", 30)
    monkeypatch.setattr(dashboard, "PICTURES", 5_000)
    images, (kind,) = page(tmp_path / "page.html", five)
    assert [(len(cloud["image"]), cloud["of"]) for cloud in kind["clouds"]] == [(34, 100)] * 2
    assert kind["curves"]["step"] == 2
    assert kind["curves"]["runs"][0]["epochs"] == [1, 3]
    assert len(images["pictures"]) < len(images["names"])
    assert "the room for pictures is used up" in images["notes"][0]


@pytest.mark.long
def test_thirty_runs_of_photographs_take_less_than_five_megabytes(tmp_path: Path) -> None:
    """Three recipes on ten splits, each testing 232 of 1160 images that take as much room as photographs can."""
    rng = np.random.default_rng(0)
    from PIL import Image

    (tmp_path / "images").mkdir()
    for number in range(1160):
        pixels = rng.integers(0, 256, (100, 100, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((500, 500)).save(tmp_path / "images" / f"{number}.png", compress_level=1)
    for place in range(30):
        split, recipe = place % 10, place // 10
        config = {"variant": f"recipe {recipe}", "data": {"root": str(tmp_path / "images")}}
        run = write_run(tmp_path / "runs" / str(place), noise=0.1 + 0.1 * recipe, split=split, config=config)
        rows = np.random.default_rng(split).permutation(1160)[:232]
        label, score = rng.uniform(size=(2, 232))
        table = {"image": [f"{row}.png" for row in rows], "reference": "", "label": 100 * label}
        pd.DataFrame({**table, "score": score, "score_raw": 100 * score}).to_csv(run / "predictions.csv", index=False)
        figures = {f"train/term{number}": rng.uniform(size=100) for number in range(60)}
        pd.DataFrame({"phase": "student", "epoch": range(100), **figures}).to_csv(run / "metrics.csv", index=False)
    images, _ = page(tmp_path / "page.html", tmp_path / "runs")
    assert len(images["pictures"]) > 300  # noise takes more room than photographs do
    assert (tmp_path / "page.html").stat().st_size < 5_000_000
