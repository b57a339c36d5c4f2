"""docs/extending.md: what it adds, put into a copy of the repository, trains."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.runs import SMALL, rows
from tests.tiny import write_table

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text()
BLOCK = re.compile(r'^```(?P<kind>\w+) title="(?P<file>.*?)"\n(?P<text>.*?)^```$', flags=re.M | re.S)
LONGEST = 30  # lines


def _put(match: re.Match[str], root: Path) -> None:
    """Write a block's file, or make the change of a block that is a difference."""
    file, text = root / match["file"], match["text"]
    if match["kind"] != "diff":
        assert not file.exists()
        file.write_text(text)
        return
    lines = text.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] != other) for other in "+-")
    assert file.read_text().count(old) == 1, (file, old)
    file.write_text(file.read_text().replace(old, new))


def test_what_is_added_trains(tmp_path):
    shutil.copytree(ROOT / "src" / "ksiqa", tmp_path / "src" / "ksiqa")
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    for match in BLOCK.finditer(PAGE):
        _put(match, tmp_path)
    write_table(tmp_path / "mine" / "images", contents=10).rename(tmp_path / "mine" / "scores.csv")
    (command,) = re.findall(r"^python -m ksiqa.train (.*)$", PAGE, flags=re.M)
    small = [word for word in SMALL if not word.startswith("backbone=")]
    told = [
        "backbone.vit.weights=random",
        "backbone.cnn.weights=random",
        "hydra.run.dir=run",
        f"cache={tmp_path}/cache",
    ]
    subprocess.run(
        [sys.executable, "-m", "ksiqa.train", *command.split(), *small, *told],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src")},
        check=True,
        capture_output=True,
    )
    assert json.loads((tmp_path / "run" / "results.json").read_text())["data"] == "mine"
    metrics = rows(tmp_path / "run" / "metrics.csv")
    assert float(metrics[0]["train/mine/student/log_cosh"]) > 0
    config = json.loads((tmp_path / "run" / "model" / "config.json").read_text())
    assert config["model"]["imagery"] == "token"
    assert config["backbone"]["cnn"]["name"] == "mobilenetv3_small_100"


def test_each_is_short():
    for section in PAGE.split("\n## ")[1:]:
        lines = sum(match["text"].count("\n") for match in BLOCK.finditer(section))
        assert lines <= LONGEST, section.partition("\n")[0]
