"""What the documentation site generates, without building it: `make docs` does that."""

import re
from pathlib import Path

import pytest
from mkdocs.exceptions import PluginError

from ksiqa.data.datasets import DATASETS
from site_generator import api, configuration, datasets, offline, repository, results

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("experiments/*/README.md")])


@pytest.mark.parametrize("name", DATASETS)
def test_each_dataset_has_a_page_with_every_fact(name):
    facts = DATASETS[name].FACTS
    page = datasets.page(name, DATASETS[name], ROOT)
    for fact in (facts.title, f"{facts.rows:,}", facts.layout, facts.licence, facts.citation, facts.home_page):
        assert fact in page
    assert datasets.scale(facts) in page
    assert f"+experiment={datasets.experiment_of(name, ROOT)} data.root=FOLDER" in page


def test_a_missing_fact_is_told(monkeypatch):
    monkeypatch.setitem(vars(DATASETS["spaq"].FACTS), "licence", "")
    with pytest.raises(ValueError, match="FACTS of spaq has no licence"):
        datasets.page("spaq", DATASETS["spaq"], ROOT)


def test_every_config_stands_in_the_reference():
    pages = configuration.pages(ROOT)
    text = "".join(pages.values())
    for file in (ROOT / "conf").rglob("*.yaml"):
        assert f'title="{file.relative_to(ROOT)}"\n{file.read_text()}' in text
    assert set(configuration.ABOUT) == {file.parent.name for file in (ROOT / "conf").glob("*/*.yaml")}
    assert "Default: [`none`](#none)" in pages["configuration/sharing.md"]
    assert "Part of [`plain`](#plain), [`student`](#student)" in pages["configuration/model.md"]
    assert "| [`joint`](#joint) | One step trains teacher and student" in pages["configuration/sharing.md"]


def test_every_experiment_has_a_page():
    pages = {**results.pages(ROOT), **repository.pages(ROOT)}
    for folder in (ROOT / "experiments").iterdir():
        assert f"experiments/{folder.name}.md" in pages
        assert f"(experiments/{folder.name}.md)" in pages["results.md"]


def test_links_out_of_docs_lead_to_pages():
    text = "[a](../README.md#train) [b](../examples/onnx/score.py) [c](data.md) [d](https://a.org/b.md) [e](no.md)"
    led = repository.led(text, ROOT / "docs" / "x.md", "x.md", ROOT)
    expected = text.replace("../README.md", "readme.md").replace("../examples", "source/examples")
    assert led == expected.replace("score.py", "score.py.md")
    assert "source/examples/onnx/score.py.md" in repository.pages(ROOT)


def test_links_to_what_pages_are_made_of_lead_to_these():
    made = {
        "../conf": "configuration/index.md",
        "../conf/split": "configuration/split.md",
        "../conf/model/plain.yaml": "configuration/model.md#plain",
        "../src/ksiqa": "api/index.md",
        "../src/ksiqa/loss": "api/loss.md",
        "../src/ksiqa/metric/interval.py": "api/metric.md#ksiqa.metric.interval",
        "../src/ksiqa/data/datasets": "datasets/index.md",
        "../experiments": "results.md",
    }
    for link, page in made.items():
        assert repository.led(f"[a]({link})", ROOT / "docs" / "x.md", "x.md", ROOT) == f"[a]({page})"
    pages = {**results.pages(ROOT), **configuration.pages(ROOT), **api.pages(ROOT), **datasets.pages(ROOT)}
    assert {page.partition("#")[0] for page in made.values()} <= set(pages)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_link_opens_in_a_checkout(document):
    links = [match["path"] for match in repository.LINK.finditer(document.read_text())]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_module_that_says_something_is_in_the_reference():
    packages = {f"ksiqa.{file.parent.name}" for file in (ROOT / "src" / "ksiqa").glob("*/__init__.py")}
    assert set(api.TITLES) == packages
    listed = re.findall(r"^::: (.*)$", "\n".join(api.pages(ROOT).values()), flags=re.M)
    assert len(listed) == len(set(listed))
    assert {"ksiqa.model", "ksiqa.model.student", "ksiqa.data.datasets.livec", "ksiqa.errors"} <= set(listed)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", '<script async src="https://cdn.org/a.js"></script>'),
        ("a.html", '<link rel="stylesheet" href="//fonts.org/a.css">'),
        ("a.html", "<link href=https://fonts.org/a.css rel=stylesheet>"),
        ("a.css", "@import url(https://fonts.org/a.css);"),
    ],
)
def test_what_a_page_loads_from_outside_ends_the_build(tmp_path, name, text):
    (tmp_path / "fine.html").write_text(
        '<a href="https://a.org">a</a><script src="a.js"></script><link rel="canonical">'
    )
    offline.check(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(PluginError, match=f"{name} loads .*a.(js|css)"):
        offline.check(tmp_path)
