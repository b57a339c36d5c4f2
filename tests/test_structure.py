"""The lists that say the same thing: the parts of the model in the package, in conf and in the tests."""

import re
from pathlib import Path

from ksiqa.names import PARTS

ROOT = Path(__file__).parents[1]


def _names(folder: str, *, ending: str, prefix: str = "") -> list[str]:
    files = [file.stem for file in (ROOT / folder).glob(f"{prefix}*{ending}")]
    return sorted(name.removeprefix(prefix) for name in files if name not in ("__init__", "conftest"))


def test_the_parts_of_the_model_are_the_same_in_three_places():
    parts = _names("src/ksiqa/model", ending=".py")
    assert parts == _names("conf/model", ending=".yaml")
    assert parts == _names("tests/model", ending=".py", prefix="test_")


def test_parts_are_not_offered_as_models():
    (parts,) = re.findall(r"^defaults: \[(.*), _self_\]$", (ROOT / "conf/model/student.yaml").read_text(), re.MULTILINE)
    assert sorted(parts.split(", ")) == sorted(PARTS["model"])


def test_every_test_file_of_a_part_is_named_after_a_module():
    parts = (
        "benchmark",
        "callback",
        "data",
        "inference",
        "loss",
        "metric",
        "model",
        "prediction",
        "report",
        "sweep",
        "task",
    )
    for folder in (*parts, "training"):
        modules = {file.stem for file in (ROOT / "src/ksiqa" / folder).rglob("*")}  # and packages
        tests = {file.stem.removeprefix("test_") for file in (ROOT / "tests" / folder).rglob("test_*.py")}
        assert tests <= modules, folder
