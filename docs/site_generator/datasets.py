"""A page for each released set, from its facts, its reader and its configs."""

import inspect
from pathlib import Path

import yaml

from ksiqa.data.datasets import DATASETS, Dataset
from ksiqa.data.facts import Facts

WANTED = ("title", "label", "rows", "layout", "licence", "citation", "home_page")


def pages(root: Path) -> dict[str, str]:
    """Return a page for each set, and the one that lists them."""
    made = {f"datasets/{name}.md": page(name, dataset, root) for name, dataset in DATASETS.items()}
    return {"datasets/index.md": _index(), **made}


def page(name: str, dataset: Dataset, root: Path) -> str:
    """Return a set's page.

    Raises:
        ValueError: a fact is missing.
    """
    facts = dataset.FACTS
    missing = [fact for fact in WANTED if not getattr(facts, fact)]
    if missing:
        raise ValueError(f"FACTS of {name} has no {', '.join(missing)}")
    experiment = experiment_of(name, root)
    return f"""# {facts.title}

{inspect.getdoc(dataset)}

| | |
| --- | --- |
{_rows(facts)}

## The folder as released

Nothing is renamed or converted; the folder above it serves as well.

```text
{facts.layout}
```

## Train on it

```sh
python -m ksiqa.prepare data={name} data.root=FOLDER    # once: looks at every image
python -m ksiqa.train +experiment={experiment} data.root=FOLDER
python -m ksiqa.train +experiment={experiment} +sweep=ten_splits data.root=FOLDER
```

The variable `KSIQA_{name.upper()}` tells `data.root` once for all commands. Incomplete copies:
[data](../data.md#a-partial-copy).

## How it is read

{_reader(dataset)}

## Its configs

{_config(root, f"conf/data/{name}.yaml")}

{_config(root, f"conf/experiment/{experiment}.yaml")}
"""


def experiment_of(name: str, root: Path) -> str:
    """Return the experiment that trains on a set: the one that sets ``/data`` to it."""
    files = sorted((root / "conf" / "experiment").glob("*.yaml"))
    defaults = {file.stem: yaml.safe_load(file.read_text())["defaults"] for file in files}
    (found,) = [stem for stem, given in defaults.items() if {"override /data": name} in given]
    return found


def scale(facts: Facts) -> str:
    """Return a set's label, range and direction in words."""
    better = "higher" if facts.higher_is_better else "lower"
    return f"{facts.label}, {facts.low:g} to {facts.high:g}, {better} is better"


def _rows(facts: Facts) -> str:
    formula = f"(label − {facts.low:g}) / {facts.high - facts.low:g}".replace("− -", "+ ")
    told = {
        "label": scale(facts),
        "score in [0, 1], higher is better": formula if facts.higher_is_better else f"1 − {formula}",
        "distorted images": f"{facts.rows:,}",
        "references": str(facts.references or "none: no-reference training alone"),
        "licence": facts.licence,
        "home page": f"<{facts.home_page}>",
        "to cite": facts.citation,
    }
    return "\n".join(f"| {name} | {value} |" for name, value in told.items())


def _reader(dataset: Dataset) -> str:
    """Return what the reader's docstring says, but for its errors."""
    return (inspect.getdoc(dataset.read) or "").partition("\nRaises:")[0].strip()


def _config(root: Path, name: str) -> str:
    return f'```yaml title="{name}"\n{(root / name).read_text()}```'


def _index() -> str:
    rows = [
        f"| [{one.FACTS.title}]({name}.md) | `data={name}` | {scale(one.FACTS)} | {one.FACTS.rows:,} |"
        f" {one.FACTS.references or '–'} |"
        for name, one in DATASETS.items()
    ]
    return "\n".join(
        [
            "# Datasets",
            "",
            "The sets that are read as their authors release them. Scales and directions stand in one place, the set's",
            "`FACTS`, and every page here is made from these. Your own scores, your own photographs and several sets",
            "at once: [data](../data.md).",
            "",
            "| set | config | label | distorted images | references |",
            "| --- | --- | --- | ---: | ---: |",
            *rows,
            "",
        ]
    )
