"""Paired differences: against numbers computed by hand, and what is never paired."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ksiqa.errors import ConfigError
from ksiqa.report.table.differences import Drawing, differences
from ksiqa.report.table.formats import render
from ksiqa.report.table.groups import grouped
from ksiqa.report.table.kept import kept
from ksiqa.report.table.pairing import paired
from ksiqa.report.table.runs import read_runs
from ksiqa.report.table.summary import rows_of
from tests.report.table.conftest import groups_of

IMAGES = Drawing(unit="image", draws=200)


def by_hand(folder):
    """Return the differences by split, seeds averaged first."""
    rows = []
    for file in folder.glob("*/predictions.csv"):
        variant, split, seed = file.parent.name.split("-")
        table = pd.read_csv(file)
        srcc = stats.spearmanr(table["score"], table["label"]).statistic
        rows.append({"variant": variant, "split": int(split), "seed": int(seed), "srcc": srcc})
    means = pd.DataFrame(rows).pivot_table(index="split", columns="variant", values="srcc")
    return means["worse"] - means["good"]


def test_the_difference_and_its_test(ten):
    (section,) = differences(groups_of(ten), scores=["model"], against=None, drawing=IMAGES)
    ((name, against, parts, mean, interval, corrected, p),) = section.rows
    expected = by_hand(ten)
    assert (name, against, parts) == ("worse", "good", 10)
    assert mean.value == pytest.approx(expected.mean())
    error = np.sqrt((1 / 10 + 20 / 40) * expected.var())
    assert corrected == pytest.approx(stats.t.interval(0.95, 9, loc=expected.mean(), scale=error))
    assert p.p == pytest.approx(2 * stats.t.sf(abs(expected.mean()) / error, 9))
    assert interval.low < mean.value < interval.high < 0  # a real difference
    assert "95% over images: bootstrap" in section.notes[0]


def test_the_other_way_round_and_the_same_each_time(ten):
    groups = groups_of(ten)
    one, other = (differences(groups, scores=["model"], against=name, drawing=IMAGES)[0] for name in ("good", "worse"))
    assert one.rows[0][3].value == pytest.approx(-other.rows[0][3].value)
    assert one.rows[0][4] == pytest.approx((-other.rows[0][4].high, -other.rows[0][4].low))
    again = differences(groups_of(ten), scores=["model"], against="good", drawing=IMAGES)
    assert render(again, form="csv") == render([one], form="csv")


def test_contents_are_drawn_together(ten):
    groups = groups_of(ten)
    drawings = (IMAGES, Drawing(unit="content", draws=200))
    images, contents = (differences(groups, scores=["model"], against=None, drawing=one)[0] for one in drawings)
    assert contents.columns[4] == "95% over contents"
    assert images.rows[0][3] == contents.rows[0][3]
    assert images.rows[0][4] != contents.rows[0][4]


def with_contents(folder, contents, *, reference=None):
    """Let all runs of a folder say what the contents of their images are, by the images' numbers."""
    for file in folder.glob("*/predictions.csv"):
        table = pd.read_csv(file)
        numbers = table["image"].str.removesuffix(".png").astype(int)
        table["reference"] = table["reference"] if reference is None else reference
        table.assign(content=[contents[number] for number in numbers]).to_csv(file, index=False)


def interval(folder):
    """Return the interval over contents of the one difference in a folder."""
    drawing = Drawing(unit="content", draws=200)
    (section,) = differences(groups_of(folder), scores=["model"], against=None, drawing=drawing)
    assert "95% over contents: bootstrap" in section.notes[0]
    return section.rows[0][4]


def test_contents_are_drawn_also_where_they_are_not_the_references(write, tmp_path):
    """Of the ten references' images a content has those of two, or the images have contents and no reference."""
    for variant, noise in (("a", 0.3), ("b", 0.5)):
        write(noise=noise, config={"variant": variant})
    by_reference = interval(tmp_path)  # as older versions wrote it
    with_contents(tmp_path, [f"content{image // 6}" for image in range(60)])
    assert interval(tmp_path) == by_reference
    with_contents(tmp_path, [f"content{image // 12}" for image in range(60)])
    coarse = interval(tmp_path)
    assert coarse != by_reference
    with_contents(tmp_path, [f"content{image // 12}" for image in range(60)], reference="")
    assert interval(tmp_path) == coarse


def test_a_content_whose_name_pandas_takes_for_none(write, tmp_path):
    for variant, noise in (("a", 0.3), ("b", 0.5)):
        write(noise=noise, config={"variant": variant})
    with_contents(tmp_path, ["AA", "NA"] * 30)
    other = interval(tmp_path)
    with_contents(tmp_path, ["AA", "BB"] * 30)
    assert interval(tmp_path) == other


def test_contents_that_predictions_do_not_name_are_not_drawn(write, tmp_path):
    for variant in ("a", "b"):
        file = write(config={"variant": variant}) / "predictions.csv"
        pd.read_csv(file).assign(reference="").to_csv(file, index=False)
    message = (
        r"found: --draw contents, and .*run1 \(koniq10k\) of an older version, whose predictions name no contents\n"
        r"expected: a column content, or a reference for each image\ndo: set --draw images, or evaluate"
    )
    with pytest.raises(ConfigError, match=message):
        interval(tmp_path)


def test_kept_results_have_the_t_test_alone(ten, tmp_path):
    groups = groups_of(ten)
    (tmp_path / "results.csv").write_text(render([kept(groups)], form="csv"))
    again = grouped(read_runs([tmp_path / "results.csv"]).runs)
    whole, alone = (differences(these, scores=["model"], against=None, drawing=IMAGES)[0] for these in (groups, again))
    assert alone.rows[0][4] is None
    assert alone.rows[0][:4] == whole.rows[0][:4]
    assert alone.rows[0][5:] == whole.rows[0][5:]


def test_a_single_split_has_no_test(write, tmp_path):
    for variant, noise in (("a", 0.3), ("b", 0.5)):
        write(noise=noise, config={"variant": variant})
    (section,) = differences(groups_of(tmp_path), scores=["model"], against=None, drawing=IMAGES)
    assert section.rows[0][2] == 1
    assert section.rows[0][4] is not None
    assert section.rows[0][5:] == [None, None]


def refused(folder):
    """Return why the second row of a folder is not paired with the first."""
    rows = rows_of(groups_of(folder), scores=["model"])
    sections = differences(groups_of(folder), scores=["model"], against=None, drawing=IMAGES)
    reason = paired(rows[1], rows[0]).refused
    assert sections[0].rows == []
    assert sections[0].notes[-1] == f"b and a are not paired: {reason}."
    return reason


def test_rows_of_different_train_n_are_never_paired(write, tmp_path):
    write(config={"variant": "a"}, train_n=40)
    write(config={"variant": "b"}, train_n=30)
    assert refused(tmp_path) == "train_n 30 and 40"


def test_rows_whose_train_n_is_not_known_are_never_paired(write, tmp_path):
    write(config={"variant": "a"}, train_n=None)
    write(config={"variant": "b"}, train_n=None)
    assert refused(tmp_path) == "train_n not known"


def test_no_split_in_common(write, tmp_path):
    write(config={"variant": "a"}, split=0)
    write(config={"variant": "b"}, split=1)
    assert refused(tmp_path) == "no split in common"


def test_splits_of_another_source(write, tmp_path):
    write(config={"variant": "a"})
    write(config={"variant": "b"}, source="folds")
    assert refused(tmp_path) == "split.source folds and random"


def test_other_images_under_the_same_number(write, tmp_path):
    write(config={"variant": "a"})
    other = write(config={"variant": "b"}) / "predictions.csv"
    table = pd.read_csv(other)
    table.loc[3, "image"] = "another.png"
    table.to_csv(other, index=False)
    assert refused(tmp_path) == "other test images or labels in split 0"


def test_a_run_that_lacks_the_figure(write, tmp_path):
    write(config={"variant": "a"})
    folder = write(config={"variant": "b"})
    write(config={"variant": "b"}, seed=1)
    results = json.loads((folder / "results.json").read_text())
    (folder / "results.json").write_text(json.dumps({**results, "test/srcc": None}))
    assert refused(tmp_path) == "no SRCC of both in split 0"


def test_rows_of_other_marks_are_never_paired(write, tmp_path):
    write(config={"variant": "a"})
    write(config={"variant": "b"}, missing=2)
    sections = differences(groups_of(tmp_path), scores=["model"], against=None, drawing=IMAGES)
    assert [section.rows for section in sections] == [[], []]
    with pytest.raises(ConfigError, match="found: --against c\nexpected: one of a; b\n"):
        differences(groups_of(tmp_path), scores=["model"], against="c", drawing=IMAGES)
