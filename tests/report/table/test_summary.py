"""Numbers over splits, against an independent way to them: pandas and scipy on the predictions."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import least_squares
from scipy.special import expit

from ksiqa.report.table.formats import render
from ksiqa.report.table.groups import Group
from ksiqa.report.table.sheet import text
from ksiqa.report.table.summary import USUAL, by_kind, each_run, rows_of, summary
from tests.report.table.conftest import groups_of


def fitted_by(x, y):
    """Return the curve of PROTOCOL's formula at x, found by another search from another start."""

    def curve(p):
        return p[1] + p[0] * expit((x - p[2]) / np.exp(p[3]))  # b1 - b2, b2, b3, log |b4|

    start = (np.ptp(y), y.min(), x.mean(), np.log(x.std()))
    bounds = ((0, -np.inf, -np.inf, np.log(1e-3)), np.inf)
    return curve(least_squares(lambda p: curve(p) - y, start, bounds=bounds).x)


def independent(folder, variant):
    """Return figures by split (seeds averaged), from predictions alone."""
    rows = []
    for file in sorted(folder.glob(f"{variant}-*/predictions.csv")):
        table = pd.read_csv(file)
        x, y = table["score_raw"].to_numpy(), table["label"].to_numpy()
        fitted = fitted_by(x, y)
        rows.append(
            {
                "split": int(file.parent.name.split("-")[1]),
                "SRCC": stats.spearmanr(x, y).statistic,
                "PLCC raw": stats.pearsonr(x, y).statistic,
                "PLCC fitted": stats.pearsonr(fitted, y).statistic,
                "KRCC": stats.kendalltau(x, y).statistic,
                "RMSE": np.sqrt(((fitted - y) ** 2).mean()),
            }
        )
    return pd.DataFrame(rows).groupby("split").mean()


def test_every_number_of_the_table_by_another_way(ten):
    (section,) = summary(groups_of(ten), scores=["model"], figures=USUAL)
    assert section.columns == ["model", "splits", "seeds", "train_n", "SRCC", "PLCC raw", "PLCC fitted", "KRCC", "RMSE"]
    assert [row[:4] for row in section.rows] == [["good", 10, 2, "40"], ["worse", 10, 2, "40"]]
    for row in section.rows:
        expected = independent(ten, row[0])
        assert len(expected) == 10
        for name, cell in zip(section.columns[4:], row[4:], strict=True):
            by = expected[name]
            found = (cell.median, cell.low, cell.high, cell.deviation)
            assert found == pytest.approx((by.median(), by.min(), by.max(), by.std()), rel=5e-3), name  # two searches
            assert (cell.splits, cell.failed) == (10, 0)


def test_failed_fits_are_counted_and_the_others_make_the_numbers(write, tmp_path):
    for split in range(4):
        write(split=split, **({"test/plcc_fitted": None, "test/rmse": None} if split == 2 else {}))
    groups = groups_of(tmp_path)
    (section,) = summary(groups, scores=["model"], figures=USUAL)
    cells = dict(zip(section.columns, section.rows[0], strict=True))
    assert cells["PLCC fitted"].failed == 1
    assert cells["PLCC fitted"].splits == 3
    assert text(cells["PLCC fitted"]).endswith(", 1 no fit")
    assert cells["SRCC"].splits == 4
    (runs,) = each_run(groups, scores=["model"], figures=["srcc", "plcc_fitted"])
    assert [row[-1] == "no fit" for row in runs.rows] == [False, False, True, False]


def test_rows_of_other_marks_and_sets_stand_in_other_tables(write, ten):
    folder = write("pseudo", label="pseudo-score").parent
    write("other", data="livec")
    sections = summary(groups_of(ten, folder), scores=["model"], figures=["srcc"])
    assert [section.title for section in sections] == [
        "LIVEC (MOS); marked: fewer than ten splits",
        "KonIQ-10k (MOS)",
        "KonIQ-10k (pseudo-score); marked: fewer than ten splits, pseudo-scores",
    ]
    rows = render(sections, form="csv").splitlines()
    assert rows[0].startswith("data,label,marks,model,splits,")
    assert rows[-1].startswith('koniq10k,pseudo-score,"fewer than ten splits, pseudo-scores",')


def test_the_best_on_the_test_part_has_a_column_of_its_own(write, tmp_path):
    write(split=0, config={"report": 1}, **{"best_on_test/srcc": 0.99})
    write(split=0, config={"report": 0})
    plain, selected = summary(groups_of(tmp_path), scores=["model"], figures=["srcc"])
    assert "best on test: SRCC" not in plain.columns
    assert selected.columns[-1] == "best on test: SRCC"
    assert selected.rows[0][-1].median == 0.99
    assert selected.rows[0][-2].median < 0.99
    assert "selected on the test part" in selected.title


def test_the_models_of_a_run_beside_one_another(write, tmp_path):
    for variant, srcc in (("a", 0.5), ("b", 0.6)):
        write(config={"variant": variant}, **{"test/teacher_srcc": srcc, "ridge/srcc": 0.4})
    groups = groups_of(tmp_path)
    names = [row.name for row in rows_of(groups, scores=["model", "fr", "ridge"])]
    assert names == ["a", "a: FR teacher", "b", "b: FR teacher", "ridge"]  # the ridge is the same in both
    assert [row.name for row in rows_of(groups[:1], scores=["ridge"])] == ["a: ridge"]
    groups[1].runs[0].results["ridge/srcc"] = 0.3
    assert [row.name for row in rows_of(groups, scores=["ridge"])] == ["a: ridge", "b: ridge"]


def test_what_a_reader_must_know(write, tmp_path):
    write(split=0, seed=0)
    write(split=1, seed=0, commit="d" * 40)
    write(split=1, seed=1)
    (section,) = summary(groups_of(tmp_path), scores=["model"], figures=["srcc"])
    assert section.notes == ["student: runs of 2 commits.", "student: not every split has every seed."]


def test_an_extent_of_counts(write, tmp_path):
    for split, train_n in enumerate((620, 631, 625)):
        write(split=split, train_n=train_n)
    (group,) = groups_of(tmp_path)
    assert isinstance(group, Group)
    assert group.extent("train_n") == "620 to 631"
    assert len(by_kind([group])) == 1
