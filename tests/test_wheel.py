"""The built wheel, installed by itself: it brings its code and its configs, and trains from any directory."""

import csv
import os
import site
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
CODE = (".py", ".html", ".css", ".js")
IMAGES = 20
TINY = (
    *("backbone=tiny", "model.width=32", "model.heads=2", "trainer.max_epochs=1", "strategy=cpu"),
    *("trainer.enable_progress_bar=false", "data.workers=0", "data.crop=32", "data.batch_size=4"),
)


def called(*command: str | Path, folder: Path) -> str:
    """Run a command that sees no path of this checkout; return what it printed."""
    outside = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(word) for word in command], cwd=folder, env=outside, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    called(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    (built,) = folder.glob("ksiqa-*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of a new environment that holds the wheel and sees what else is installed beside these tests."""
    home = tmp_path_factory.mktemp("environment")
    called(sys.executable, "-m", "venv", "--without-pip", home, folder=home)
    install = ("install", "--no-deps", "--no-index", "--quiet", wheel)
    called(sys.executable, "-m", "pip", "--python", home / "bin/python", *install, folder=home)
    (packages,) = home.glob("lib/python*/site-packages")
    # A folder that a .pth file names has its own .pth files left unread: the editable checkout is not seen.
    (packages / "parent.pth").write_text("".join(f"{path}\n" for path in site.getsitepackages()))
    return home / "bin"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Grey images with more and more noise, and scores that fall with it."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "photographs"
    folder.mkdir()
    rows = []
    for number in range(IMAGES):
        pixels = rng.normal(128, 1 + 5 * number, size=(64, 64, 3)).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        rows.append(f"{number}.png,{9 - 0.4 * number:.1f}\n")
    file = folder / "scores.csv"
    file.write_text("image,score\n" + "".join(rows))
    return file


def test_the_wheel_holds_code_configs_and_data(wheel: Path) -> None:
    held = set(ZipFile(wheel).namelist())
    configs = {f"ksiqa/{path.relative_to(ROOT)}" for path in (ROOT / "conf").rglob("*.yaml")}
    files = (path for path in (ROOT / "src/ksiqa").rglob("*") if path.suffix in CODE)
    code = {str(path.relative_to(ROOT / "src")) for path in files}
    assert configs
    assert configs | code <= held
    assert {
        "ksiqa/py.typed",
        "ksiqa/data/synthetic/kadid10k_means.csv",
        "ksiqa/report/table/published.csv",
        *(f"ksiqa/shipped/{name}" for name in ("config.json", "model.safetensors", "README.md")),
    } <= held
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)
    assert {name.split("/")[0].partition("-")[0] for name in held} == {"ksiqa"}


def test_the_wheel_trains_and_scores_from_another_directory(programs: Path, table: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    where = "import ksiqa, ksiqa.names; print(ksiqa.__file__); print(ksiqa.names.conf_folder())"
    for place in called(programs / "python", "-c", where, folder=elsewhere).splitlines():
        assert Path(place).is_relative_to(programs.parent.resolve())

    data = ("data=table", f"data.file={table}", "data.low=0", "data.high=10", "data.higher_is_better=true")
    called(programs / "python", "-m", "ksiqa.train", *data, *TINY, f"cache={tmp_path / 'cache'}", folder=elsewhere)
    (model,) = elsewhere.glob("outputs/train/*/model")
    assert sorted(file.name for file in model.iterdir()) == ["README.md", "config.json", "model.safetensors"]

    scoring = ("predict", table.parent, "--model", model, "--output", "scores.csv")
    told = called(programs / "ksiqa", *scoring, folder=elsewhere)
    with (elsewhere / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {Path(row["image"]).name for row in rows} == {f"{number}.png" for number in range(IMAGES)}
    for row in rows:
        assert not row["error"]
        assert 0 <= float(row["score"]) <= 1
    assert f"{IMAGES} scored: scores.csv" in told
