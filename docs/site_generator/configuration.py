"""The reference of ``conf/``: a page for each group, with each option's file as it stands."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ABOUT = {
    "backbone": "The pretrained networks of feature extraction: a ViT, a CNN, and which of them are frozen.",
    "callback": "Lightning's callbacks beside those that every run has.",
    "data": "Where images and labels come from, and how they are cut, batched and checked.",
    "experiment": "A whole run: a set, its length, what to compare it with. Added by a plus sign.",
    "logger": "Where figures go beside `metrics.csv`.",
    "loss": "The weight of each term.",
    "model": "The parts of the network. `student`, `teacher` and `plain` are chosen; the other files are their parts.",
    "report": "What is told beside the test figures.",
    "sharing": "How teacher and student share what they know.",
    "split": "Which images train, validate and test.",
    "strategy": "Devices, processes and precision.",
    "sweep": "Many runs by one command. Added by a plus sign.",
    "task": "Optimiser, and which epoch is kept.",
    "trainer": "Arguments of Lightning's Trainer.",
}
ADDED = ("experiment", "sweep")  # not among the defaults of train.yaml


def pages(root: Path) -> dict[str, str]:
    """Return a page for each group of ``conf/``, and the one that lists them."""
    groups = sorted(folder.name for folder in (root / "conf").iterdir() if folder.is_dir())
    return {
        "configuration/index.md": _index(root, groups),
        **{f"configuration/{group}.md": page(group, root) for group in groups},
    }


def page(group: str, root: Path) -> str:
    """Return the page of a group.

    Raises:
        KeyError: nothing is said about the group in ``ABOUT``.
    """
    files = sorted((root / "conf" / group).glob("*.yaml"))
    default = _defaults(root / "conf/train.yaml").get(group)
    rows = [f"| [`{file.stem}`](#{file.stem}) | {_head(file.read_text())} |" for file in files]
    sections = [_section(file, group, files, root) for file in files]
    first = f" Default: [`{default}`](#{default})." if default else ""
    listed = ["| option | |", "| --- | --- |", *rows]
    return f"# {group}\n\n{ABOUT[group]}{first}\n\n" + "\n".join(listed) + "\n\n" + "\n\n".join(sections) + "\n"


def _section(file: Path, group: str, files: list[Path], root: Path) -> str:
    within = [other.stem for other in files if file.stem in _parts(other)]
    chosen = f"`{'+' if group in ADDED else ''}{group}={file.stem}`"
    used = " Part of " + ", ".join(f"[`{name}`](#{name})" for name in within) + "." if within else ""
    return f"## {file.stem}\n\n{chosen}.{used}\n\n{_yaml(file, root)}"


def _index(root: Path, groups: list[str]) -> str:
    defaults = _defaults(root / "conf/train.yaml")
    rows = [f"| [`{name}`]({name}.md) | {ABOUT[name]} | {_code(defaults.get(name))} |" for name in groups]
    commands = sorted(file for file in (root / "conf").glob("*.yaml"))
    files = [f"## {file.stem}\n\n{_yaml(file, root)}" for file in commands]
    return f"""# Configuration

`conf/` as it stands, with its comments. A group's option is chosen by `GROUP=OPTION`, a value is set by
`GROUP.KEY=VALUE`. `--cfg job` prints what a command's words come to, and runs nothing. The names that are used most:
[overrides](../overrides.md).

| group | | default of `train` |
| --- | --- | --- |
{chr(10).join(rows)}

What follows are the files of the commands, and `base`, which all share.

{chr(10).join(files)}
"""


def _code(name: str | None) -> str:
    return f"`{name}`" if name else "–"


def _yaml(file: Path, root: Path) -> str:
    return f'```yaml title="{file.relative_to(root)}"\n{file.read_text()}```'


def _head(text: str) -> str:
    """Return the first sentence of the comment that a file begins with, commands and directives left out."""
    comment = re.match(r"(?:#.*\n)*", text)
    lines = [line.removeprefix("# ") for line in (comment[0] if comment else "").splitlines()]
    said = " ".join(line for line in lines if not re.match(r"@package|python -m|make demo|\s", line))
    return re.split(r"(?<=[^.])\. ", said.replace("|", "\\|"))[0].rstrip(".")


def _defaults(file: Path) -> dict[str, Any]:
    """Return the chosen option of each group that a file names."""
    return {group: option for one in _given(file) if isinstance(one, dict) for group, option in one.items()}


def _parts(file: Path) -> list[str]:
    """Return the options of its own group that a file is made of."""
    return [one.partition("@")[0] for one in _given(file) if isinstance(one, str) and one != "_self_"]


@cache
def _given(file: Path) -> list[Any]:
    return list((yaml.safe_load(file.read_text()) or {}).get("defaults", []))
