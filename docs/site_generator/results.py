"""The page of results: what the README says of them, and each folder of ``experiments/``."""

import re
from pathlib import Path

from site_generator.repository import led


def pages(root: Path) -> dict[str, str]:
    """Return the page; the folders' own pages are made of their README.md."""
    readme = root / "README.md"
    section = re.search(r"^## Results so far\n(.*?)(?=^## )", readme.read_text(), flags=re.M | re.S)
    assert section is not None, "README.md has no section 'Results so far'"
    rows = [f"| [{name}](experiments/{name}/README.md) | {what} |" for name, what in experiments(root).items()]
    table = ["| experiment | what it shows |", "| --- | --- |", *rows]
    lines = ["# Results", section[1].strip(), "## All experiments", "\n".join(table)]
    return {"results.md": led("\n\n".join(lines) + "\n", readme, "results.md", root)}


def experiments(root: Path) -> dict[str, str]:
    """Return what each experiment shows, by the name of its folder: its README.md begins ``# NAME: WHAT``."""
    heads = {file.parent.name: file.read_text().partition("\n")[0] for file in root.glob("experiments/*/README.md")}
    return {name: head.partition(": ")[2] for name, head in sorted(heads.items())}
