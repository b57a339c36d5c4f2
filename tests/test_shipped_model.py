"""What the model that is to come with the package may be made of."""

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXPERIMENT = ROOT / "experiments" / "shipped"


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def test_no_photograph_for_research_only_took_part():
    rows = _rows(EXPERIMENT / "photographs.csv")
    assert len(rows) == len({row["sha256"] for row in rows}) == 69
    for row in rows:
        assert re.match(r"CC-BY|CC0|PD|public domain", row["licence"]), row
        assert not re.search("research|non-commercial|per image|unknown|NC", row["licence"]), row


@pytest.mark.real_data
def test_the_list_says_what_the_source_of_the_photographs_says(shared):
    sources = {row["image"]: row["licence"] for row in _rows(shared / "datasets" / "pristine" / "SOURCES.csv")}
    for row in _rows(EXPERIMENT / "photographs.csv"):
        assert sources[row["image"]] == row["licence"]
