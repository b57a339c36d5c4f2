"""Names that commands take: the groups of configs in conf/, and what each has to choose from."""

from pathlib import Path

import yaml

HYDRA = ("train", "evaluate", "prepare")  # the commands that take overrides
ADDED = {"train": ("experiment", "sweep")}  # groups that a command has no default of: +experiment=NAME
PARTS = {  # files of a group that others are made of, and nobody chooses
    "data": ("common", "member", "released"),
    "model": (
        *("attention", "damage", "feature_extraction", "mental_imagery", "ordinal_regression"),
        *("quality_regressor", "shared_decoder", "ensemble"),
    ),
}


def conf_folder() -> Path:
    """Return the folder of configs: inside an installed package, or at the top of a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / "conf"
    return inside if inside.is_dir() else here.parents[1] / "conf"


def groups(command: str) -> dict[str, list[str]]:
    """Return the groups that a command takes, as they are written (``data``, ``+experiment``), and what each has."""
    defaults = yaml.safe_load((conf_folder() / f"{command}.yaml").read_text(encoding="utf-8"))["defaults"]
    named = [str(group) for one in defaults if isinstance(one, dict) for group in one]
    written = [*(f"+{group}" for group in ADDED.get(command, ())), *named]
    return {group: choices(group.lstrip("+")) for group in written}


def choices(group: str) -> list[str]:
    """Return the names to choose from in a group; none where it is no group."""
    files = sorted((conf_folder() / group).glob("*.yaml")) if group.isidentifier() else []
    return [file.stem for file in files if file.stem not in PARTS.get(group, ())]
