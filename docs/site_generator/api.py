"""Pages of the Python interface: mkdocstrings reads the docstrings and signatures of the modules named here."""

from pathlib import Path

TITLES = {
    "ksiqa.inference": "Scoring, model folders and the hub.",
    "ksiqa.model": "The networks.",
    "ksiqa.loss": "The terms of the loss.",
    "ksiqa.metric": "Figures of agreement, fits, intervals and comparisons.",
    "ksiqa.data": "Sets, splits, views and synthetic pairs.",
    "ksiqa.task": "What a training step is.",
    "ksiqa.training": "A run: its phases, processes and files.",
    "ksiqa.callback": "What is shown, logged and kept while a run trains.",
    "ksiqa.search": "Optuna's search for settings.",
    "ksiqa.sweep": "What is made of a sweep's runs once they are done.",
    "ksiqa.report": "Figures, tables, plots and pages of runs.",
    "ksiqa.prediction": "What `ksiqa predict` does with files.",
    "ksiqa.benchmark": "What `ksiqa bench` measures.",
    "ksiqa.health": "What `ksiqa doctor` looks at.",
}
BASICS = ("batch", "errors", "tiles", "weights", "build")


def pages(root: Path) -> dict[str, str]:
    """Return a page for each package, one for the modules beside them, and the one that lists them."""
    made = {f"api/{name.rpartition('.')[2]}.md": _page(name, about, root) for name, about in TITLES.items()}
    basics = "\n\n".join(f"::: ksiqa.{name}" for name in BASICS)
    return {
        "api/index.md": _index(),
        **made,
        "api/basics.md": f"# Basics\n\nWhat all packages share, and how a config becomes objects.\n\n{basics}\n",
    }


def modules(package: str, root: Path) -> list[str]:
    """Return the modules of a package that say something, by their dotted names, the package itself first."""
    folder = root / "src" / Path(*package.split("."))
    files = [file for file in sorted(folder.rglob("*.py")) if file.read_text().startswith('"""')]
    names = [".".join(file.relative_to(root / "src").with_suffix("").parts) for file in files]
    return sorted(name.removesuffix(".__init__") for name in names)


def _page(package: str, about: str, root: Path) -> str:
    listed = "\n\n".join(f"::: {name}" for name in modules(package, root))
    return f"# {package}\n\n{about}\n\n{listed}\n"


def _index() -> str:
    rows = [f"| [`{name}`]({name.rpartition('.')[2]}.md) | {about} |" for name, about in TITLES.items()]
    return "\n".join(
        [
            "# Python",
            "",
            "`ksiqa` itself holds what scores: `load`, `Scorer`, `ImageScore`, `QualityScore` and `QualityLoss`.",
            'Shapes stand in the signatures: `Float[Tensor, "batch 3 rows columns"]` is a floating-point tensor of',
            "four dimensions, equal names mean equal sizes, and a blank before a single name means nothing. The tests",
            "execute them. Names that begin with `_` are not shown.",
            "",
            "| package | |",
            "| --- | --- |",
            *rows,
            "| [basics](basics.md) | Batches, errors, tiles, weights, and how a config becomes objects. |",
            "",
        ]
    )
