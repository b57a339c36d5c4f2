"""The documentation site as `make docs` builds it: opened from the disk, without a network."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.pages

ROOT = Path(__file__).parents[2]
PAGES = {  # and what stands on each
    "index.html": "share one decoder",
    "get_started.html": "From nothing to a trained model",
    "concepts.html": "Mental imagery",
    "datasets/livec.html": "MOS, 0 to 100, higher is better",
    "configuration/sharing.html": "pair_epochs: 10",
    "experiments/demo.html": "Five folds",
    "api/loss.html": 'Float[Tensor, "batch height width channels"]',
    "source/examples/onnx/score.py.html": "onnxruntime",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_nobody_and_is_whole(site: Path, browser: "Browser", page: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_offline(True)
    opened = context.new_page()
    asked: list[str] = []
    failures: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: failures.append(str(error)))
    opened.goto((site / page).as_uri(), timeout=60_000)
    assert PAGES[page] in opened.inner_text("main")
    assert opened.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 0)")
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()
    assert [url for url in asked if not url.startswith((site.as_uri(), "data:", "blob:"))] == []
    assert failures == []
