"""docs/examples.md does what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ksiqa.data.synthetic.demo_photographs import demo_photographs

PAGE = Path(__file__).parents[1] / "docs" / "examples.md"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    photos = tmp_path / "photos"
    photos.mkdir()
    original = Image.fromarray(demo_photographs()["coffee"][:280, :280])
    original.save(photos / "original.png")
    original.save(photos / "good.jpg", quality=92)
    original.save(photos / "poor.jpg", quality=6)
    (photos / "notes.jpg").write_text("no image")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_runs_from_top_to_bottom(folder):
    blocks = re.findall(r"^```(python|sh)\n(.*?)^```$", PAGE.read_text(), flags=re.M | re.S)
    assert [kind for kind, _ in blocks].count("python") >= 7
    names: dict[str, object] = {}
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for kind, text in blocks:
        if kind == "python":
            exec(compile(text, str(PAGE), "exec"), names)
        else:
            subprocess.run(["sh", "-ec", text], check=True, env={**os.environ, "PATH": programs})
    assert (folder / "report.html").stat().st_size > 10_000
    assert len(list((folder / "maps").rglob("*.png"))) == 3
