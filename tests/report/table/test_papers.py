"""Published numbers beside measured ones."""

import re
from pathlib import Path

import pandas as pd
import pytest

from ksiqa.report.table.kinds import SETS
from ksiqa.report.table.papers import OURS, PUBLISHED, cross, papers, published
from ksiqa.report.table.sheet import Both, text
from tests.report.table.conftest import groups_of, write_run

PAPERS_ORDER = ["LIVE", "CSIQ", "TID2013", "KADID-10k", "LIVEC", "KonIQ-10k", "SPAQ"]


def test_every_published_number_has_a_known_set_and_a_source():
    table = pd.read_csv(PUBLISHED)
    assert set(table["set"]) | set(table["trained_on"]) <= set(SETS)
    assert set(table["kind"]) == {"NR", "FR"}
    assert set(table["split"]) == {"random", "official", "all"}
    assert table["srcc"].between(0.5, 1).all()
    assert table["plcc"].dropna().between(0.5, 1).all()
    assert table["source"].str.len().min() > 3
    assert not table.duplicated(["method", "trained_on", "set"]).any()


def test_no_number_is_called_the_papers_own():
    assert not pd.read_csv(PUBLISHED)["method"].str.contains("KSIQA", case=False).any()


@pytest.mark.real_data
def test_the_published_numbers_are_those_of_the_protocol(shared: Path):
    text_ = (shared / "docs" / "PROTOCOL.md").read_text()
    rows = [line.strip("|").split("|") for line in text_.splitlines() if line.startswith("|")][2:]
    expected = sorted(cell.strip() for row in rows for cell in row[1:] if re.search(r"\d", cell))
    found = sorted(text(e.cell) for e in published() if e.trained_on == e.tested_on and "FR)" not in e.method)
    assert len(found) >= 75
    missing = [one for one in expected if one not in found]
    assert missing == []


def test_columns_are_in_the_papers_order_and_ours_come_last(ten):
    (section,) = papers(groups_of(ten), scores=["model"])
    assert list(section.columns) == ["method", *PAPERS_ORDER, "source"]
    assert [row[0] for row in section.rows[-2:]] == ["good", "worse"]
    for row in section.rows[-2:]:
        assert row[-1] == OURS
        assert [cell is None for cell in row[1:-1]] == [name != "KonIQ-10k" for name in PAPERS_ORDER]
    assert all(row[-1].startswith("published") for row in section.rows[:-2])
    hyper = next(row for row in section.rows if row[0] == "HyperIQA")
    assert (hyper[6], hyper[-1]) == (Both(0.906, 0.917), "published, best on test")


def test_ours_are_medians_with_plcc_after_the_fit(ten):
    groups = groups_of(ten)
    (section,) = papers(groups, scores=["model"])
    found = section.rows[-2][6]
    assert found.srcc == groups[0].over_splits("test/srcc").median
    assert found.plcc == groups[0].over_splits("test/plcc_fitted").median


def test_one_recipe_on_several_sets_is_one_row(ten, tmp_path):
    for split in range(10):
        write_run(tmp_path / f"run{split}", split=split, data="livec", config={"variant": "good", "other": 1})
    (section,) = papers(groups_of(ten, tmp_path), scores=["model"])
    assert [row[0] for row in section.rows[-2:]] == ["good", "worse"]
    assert section.rows[-2][5] is not None
    assert section.rows[-2][6] is not None


def test_marked_rows_never_stand_beside_published_numbers(write, tmp_path):
    for place, change in enumerate(({"label": "pseudo-score"}, {"missing": 1}, {"best_on_test/srcc": 0.9}, {})):
        write(config={"variant": str(place)}, **change)
    unmarked, *marked = papers(groups_of(tmp_path), scores=["model"])
    assert all(row[-1] != OURS for row in unmarked.rows)
    assert len(marked) == 4
    for section in marked:
        assert [row[-1] for row in section.rows] == [OURS]
        assert "; marked: fewer than ten splits" in section.title


def test_an_official_split_stands_beside_official_splits_alone(write, tmp_path):
    write(source="official")
    _, section = papers(groups_of(tmp_path), scores=["model"])
    assert section.title.endswith("marked: official split")
    assert [row[0] for row in section.rows] == ["TOPIQ-NR", "student"]


def test_across_databases(write, tmp_path):
    figures = {f"cross/livec/{key}": value for key, value in (("srcc", 0.81), ("plcc_fitted", 0.83), ("n", 1162))}
    write(source="train_on_all", **figures)
    (section,) = cross(groups_of(tmp_path), scores=["model"])
    assert list(section.columns) == ["method", "trained on", "LIVEC", "KonIQ-10k", "source"]
    assert section.rows[0] == ["LoDa", "KonIQ-10k", Both(0.811, None), None, "published"]
    *_, (name, trained_on, livec, koniq, source) = section.rows
    assert (name, trained_on, source) == ("student", "KonIQ-10k", OURS)
    assert livec == Both(0.81, 0.83)
    assert koniq is not None  # within: what the run says of its own test part
    within = papers(groups_of(tmp_path), scores=["model"])[0]
    assert "trained on" not in within.columns
