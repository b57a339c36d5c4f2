"""Pretrained weights of the backbones in conf/backbone: files that are told, the hub's cache, packages."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ksiqa.health.finding import Finding
from ksiqa.names import choices, conf_folder


def backbones(told: Mapping[str, Path]) -> Iterator[Finding]:
    """Say of each network where its weights are.

    Args:
        told: files by timm's names of networks.
    """
    branches = _branches()
    for name, file in told.items():
        yield _of_file(name, file, known=list(branches), branch=_branch(branches, name))
    from ksiqa.found_weights import LITE0_PACKAGE, has_package, hub_file, repository  # timm takes seconds

    for one in branches.values():
        name = one["name"]
        if name in told or one["weights"] == "random":
            continue
        if has_package(f"package:{LITE0_PACKAGE}", name):
            there, text, mend = True, f"a package: backbone.{one['branch']}.weights=package:{LITE0_PACKAGE}", ""
        else:
            found = hub_file(name)
            there, text = found is not None, found or "not in the hub's cache: training asks the hub"
            mend = f"hf download {repository(name).partition('.co/')[2]} model.safetensors"
        yield Finding("backbones", name, "good" if there else "lacking", text, "" if there else mend)


def _branches() -> dict[str, dict[str, Any]]:
    """Return each branch of each config once, by its network."""
    found: dict[str, dict[str, Any]] = {}
    for config in choices("backbone"):
        values = yaml.safe_load((conf_folder() / "backbone" / f"{config}.yaml").read_text(encoding="utf-8"))
        for branch in ("vit", "cnn"):
            one = values[branch]
            found.setdefault(one["name"], {**one, "branch": branch})
    return found


def _branch(branches: Mapping[str, dict[str, Any]], name: str) -> str:
    return str(branches[name]["branch"]) if name in branches else "vit|cnn"


def _of_file(name: str, file: Path, *, known: list[str], branch: str) -> Finding:
    from safetensors import SafetensorError, safe_open

    use = f"backbone.{branch}.weights={file}"
    if name not in known:
        return Finding(
            "backbones",
            name,
            "broken",
            "in no config of conf/backbone",
            f"--weights NAME=FILE, of {', '.join(known)}",
        )
    if not file.is_file():
        return Finding(
            "backbones", name, "broken", f"no file {file}", "correct the path, or leave it out to see the hub's cache"
        )
    if file.suffix == ".safetensors":
        try:
            with safe_open(file, framework="numpy") as opened:
                return Finding("backbones", name, "good", f"{len(opened.keys())} tensors: {use}")
        except (SafetensorError, OSError) as error:
            return Finding("backbones", name, "broken", f"{file} cannot be read ({error})", "get the file again")
    return Finding("backbones", name, "good", f"a file: {use}")
