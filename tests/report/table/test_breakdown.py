"""SRCC within distortions and levels."""

import pandas as pd
import pytest
from scipy import stats

from ksiqa.metric.spread import spread
from ksiqa.report.table.breakdown import breakdown, values_in_order
from tests.report.table.conftest import groups_of


@pytest.mark.parametrize(("by", "values"), [("distortion", ["blur", "jpeg"]), ("level", ["1", "2", "3"])])
def test_medians_over_splits_by_another_way(by, values, ten):
    (section,) = breakdown(groups_of(ten), scores=["model"], by=by)
    assert section.columns == [by, "good", "worse"]
    assert [row[0] for row in section.rows] == values
    rows = []
    for file in ten.glob("*/predictions.csv"):
        variant, split, seed = file.parent.name.split("-")
        for value, table in pd.read_csv(file).groupby(by):
            srcc = stats.spearmanr(table["score"], table["label"]).statistic if len(table) > 2 else float("nan")
            name = value if by == "distortion" else f"{value:g}"
            rows.append({"variant": variant, "split": split, "seed": seed, "value": name, "srcc": srcc})
    by_split = pd.DataFrame(rows).groupby(["variant", "value", "split"])["srcc"].mean()
    expected = by_split.groupby(["variant", "value"]).median()
    for name, *cells in section.rows:
        for variant, cell in zip(("good", "worse"), cells, strict=True):
            assert cell.spread.median == pytest.approx(expected[variant, name])


def test_values_in_order():
    found = [dict.fromkeys(names, spread([0.5])) for names in (["10", "9", "jpeg"], ["01", "blur", "2.5"])]
    assert values_in_order(found) == ["01", "2.5", "9", "10", "blur", "jpeg"]


def test_too_few_images_and_a_single_label_have_no_order(write, tmp_path):
    file = write() / "predictions.csv"
    table = pd.read_csv(file)
    table["distortion"] = ["two"] * 2 + ["flat"] * 4 + ["good"] * 10 + [None] * 4  # None: pristine
    table.loc[2:5, "label"] = 50.0
    table.to_csv(file, index=False)
    (section,) = breakdown(groups_of(tmp_path), scores=["model"], by="distortion")
    shown = {row[0]: row[1].spread.median for row in section.rows}
    assert shown["two"] is None
    assert shown["flat"] is None
    assert shown["good"] is not None
    assert len(shown) == 3


def test_types_that_are_numbers_keep_their_zeros(write, tmp_path):
    file = write() / "predictions.csv"
    pd.read_csv(file).assign(distortion="01").to_csv(file, index=False)
    (section,) = breakdown(groups_of(tmp_path), scores=["model"], by="distortion")
    assert [row[0] for row in section.rows] == ["01"]


def test_runs_without_distortions_are_left_out_and_it_is_said(write, tmp_path):
    write(config={"variant": "with"})
    file = write(config={"variant": "without"}) / "predictions.csv"
    pd.read_csv(file).drop(columns="distortion").to_csv(file, index=False)
    (section,) = breakdown(groups_of(tmp_path), scores=["model"], by="distortion")
    assert section.columns == ["distortion", "with"]
    assert "left out" in section.notes[0]
    assert breakdown(groups_of(file.parent), scores=["model"], by="distortion") == []


def test_a_scale_of_which_lower_is_better(write, tmp_path):
    file = write() / "predictions.csv"
    before = breakdown(groups_of(tmp_path), scores=["model"], by="distortion")[0].rows
    table = pd.read_csv(file)
    again = write("again", config={"variant": "lower"}) / "predictions.csv"
    table.assign(label=100 - table["label"], score_raw=100 - table["score_raw"]).to_csv(again, index=False)
    after = breakdown(groups_of(again.parent), scores=["model"], by="distortion")[0].rows
    assert [row[1].spread.median for row in before] == pytest.approx([row[1].spread.median for row in after])
