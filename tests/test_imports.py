"""The import rules of pyproject.toml: the package keeps them, and breaking one is noticed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

BROKEN = [
    ("model/attention.py", "import ksiqa.loss.regression"),
    ("metric/correlation.py", "from ksiqa.data.table import LabelTable"),
    ("loss/regression.py", "import ksiqa.task.terms"),
    ("errors.py", "import ksiqa.batch"),
    ("inference/scoring.py", "import ksiqa.report.scatter"),
    ("data/table.py", "import lightning"),
    ("model/student.py", "from lightning.pytorch import LightningModule"),
    ("task/quality.py", "from omegaconf import DictConfig"),
    ("inference/model_folder.py", "import hydra"),
    ("model/plain.py", "import timm"),
    ("loss/ordinal.py", "import torchmetrics"),
    ("training/trainers.py", "import wandb"),
    ("build.py", "import lightning"),
]


def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    """Lint ``folder/ksiqa`` by ``folder/pyproject.toml``."""
    command = (sys.executable, "-c", LINT, "--no-cache")
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with a copy of the package and of its rules."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "src/ksiqa", tmp_path / "ksiqa", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_package_keeps_the_rules(copy: Path) -> None:
    result = linted(copy)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(("module", "line"), BROKEN, ids=lambda value: value.replace("/", "."))
def test_an_import_against_the_rules_is_found(copy: Path, module: str, line: str) -> None:
    file = copy / "ksiqa" / module
    file.write_text(file.read_text() + f"\n{line}\n")
    result = linted(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    dotted = "ksiqa." + module.removesuffix(".py").replace("/", ".")
    assert dotted in result.stdout.split("Broken contracts")[1]


def test_a_module_without_a_place_is_found(copy: Path) -> None:
    (copy / "ksiqa/anything.py").write_text("")
    result = linted(copy)
    assert result.returncode == 1
    assert "anything" in result.stdout
