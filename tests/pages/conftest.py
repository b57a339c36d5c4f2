"""Pages in headless Chromium, opened from the disk; a page that asks anybody for anything fails its test."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.report.page import Page

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Opened

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WINDOW = {"width": 1280, "height": 900}

Write = Callable[[Sequence[dict[str, Any]]], Path]
Open = Callable[..., "Opened"]


def chromium() -> str:
    """Return the path of the system's Chromium: Playwright's own is not downloaded. Where there is none, fail."""
    found = [path for path in map(shutil.which, BROWSERS) if path]
    if not found:
        pytest.fail("these tests need Chromium; type: sudo apt-get install chromium", pytrace=False)
    return found[0]


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One browser for all tests."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: "Browser") -> Iterator[Open]:
    """Open a file in a window of its own; nothing but the file may be asked for, and nothing may fail."""
    contexts = []

    def open_file(path: Path, *, window: dict[str, int] = WINDOW, **settings: Any) -> "Opened":
        context = browser.new_context(viewport=window, **settings)
        context.set_offline(True)
        page = context.new_page()
        asked, failures = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: failures.append(message.text))
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("dialog", lambda dialog: (failures.append(dialog.message), dialog.dismiss()))
        contexts.append((context, path, asked, failures))
        page.goto(path.as_uri(), wait_until="commit", timeout=60_000)
        page.locator("#count").filter(has_text=re.compile(r"^\d")).wait_for(timeout=60_000)
        return page

    yield open_file
    for context, path, asked, failures in contexts:
        context.close()
        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        assert failures == []


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Write a page of entries, each a row with its ``pixels`` and ``quality_map``, and return its path."""

    def write(entries: Sequence[dict[str, Any]]) -> Path:
        path = tmp_path / "report.html"
        with Page(path, title="Photographs") as page:
            for entry in entries:
                row = {name: value for name, value in entry.items() if name not in ("pixels", "quality_map")}
                page.add(row, pixels=entry.get("pixels"), quality_map=entry.get("quality_map"))
        return path

    return write


def scored(image: str, score: float, *, half: float | None = None, **more: Any) -> dict[str, Any]:
    """Return an entry with a score, raw from 0 to 100, and an interval of half a width around it."""
    low, high = (None, None) if half is None else (max(0.0, score - half), min(1.0, score + half))
    raw = {"score_raw": 100 * score, "scale": "livec", "low": low, "high": high, "error": ""}
    return {"image": image, "score": score, **raw, **more}


def failed(image: str, error: str, **more: Any) -> dict[str, Any]:
    """Return an entry of an image that could not be scored."""
    return {"image": image, **dict.fromkeys(("score", "score_raw", "scale", "low", "high")), "error": error, **more}


def photographs(side: int = 240) -> list[np.ndarray]:
    """Return real photographs, cut to sides of three to two and made small."""
    shapes = [(side, side * 2 // 3), (side * 2 // 3, side), (side, side)]
    images = enumerate(demo_photographs().values())
    return [np.asarray(Image.fromarray(image).resize(shapes[number % 3])) for number, image in images]
