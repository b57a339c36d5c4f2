"""What README files say in numbers is made from kept results, not typed."""

from functools import partial
from pathlib import Path

import pytest

from ksiqa.report.table.marked import BEGIN, END, MARKED, remade
from ksiqa.table import markdown

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "experiments").glob("*/README.md"))]
FIGURES = ("SRCC", "PLCC", "KRCC", "RMSE")


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=_id)
def test_each_marked_table_is_what_the_command_makes(document):
    """Where this fails: ksiqa table --update README.md experiments/*/README.md."""
    text = document.read_text()
    assert text.count(BEGIN) == text.count(f"\n{END}\n") == len(MARKED.findall(text))
    assert text == remade(text, made=partial(markdown, folder=document.parent))


def test_the_first_page_has_such_tables():
    assert (ROOT / "README.md").read_text().count(BEGIN) > 1


@pytest.mark.parametrize("document", DOCUMENTS, ids=_id)
def test_no_table_of_figures_is_typed(document):
    typed = MARKED.sub("", document.read_text()).splitlines()
    assert [line for line in typed if line.startswith("|") and any(name in line for name in FIGURES)] == []


@pytest.mark.parametrize("folder", sorted(path for path in (ROOT / "experiments").iterdir() if path.is_dir()), ids=_id)
def test_each_experiment_keeps_its_command_and_its_results(folder):
    assert (folder / "results.csv").is_file()
    assert "\n    " in (folder / "README.md").read_text()  # a command
