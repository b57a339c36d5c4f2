"""The page as it opens: from the disk, without a network, in any window, in light and dark."""

import socket
import time
from pathlib import Path

import numpy as np
import pytest

from tests.pages.conftest import Open, Write, chromium, failed, photographs, scored

pytestmark = pytest.mark.pages

HOSTILE = [
    "</script><script>alert(1)</script>.jpg",
    '<img src=x onerror="alert(1)">.jpg',
    "\"two\"\n'lines' &amp; \udcff.jpg",
]
SPELLED = [*HOSTILE[:2], r""""two"\n'lines' &amp; \udcff.jpg"""]
HERE = Path(__file__).parent


def entries() -> list[dict]:
    """Photographs with falling scores and wide intervals, and two failures."""
    maps = [np.linspace(0, level, 108, dtype=np.float32).reshape(9, 12) for level in np.linspace(0.2, 1, 9)]
    images = [
        scored(
            f"/photographs/{number}.jpg", 0.9 - 0.1 * number, half=0.05 + 0.01 * number, pixels=pixels, quality_map=kept
        )
        for number, (pixels, kept) in enumerate(zip(photographs(), maps, strict=False))
    ]
    return [
        *images,
        failed("/photographs/broken.jpg", "it ends\nbefore it should"),
        failed("/photographs/empty.jpg", "no bytes"),
    ]


def test_the_page_tells_what_was_scored(written: Write, opened: Open) -> None:
    """Opened from the disk, with the network off; ``opened`` sees that nothing else is asked for."""
    rows = entries()
    page = opened(written(rows))
    scores = [row["score"] for row in rows if row["score"] is not None]
    told = [page.locator("#facts div").nth(at).inner_text().split("\n") for at in range(5)]
    assert told == [
        ["Images", str(len(rows))],
        ["Scale", "livec"],
        ["Mean score", f"{np.mean(scores):.3f}{100 * np.mean(scores):.2f} raw"],
        ["Median score", f"{np.median(scores):.3f}{100 * np.median(scores):.2f} raw"],
        ["Failed", "2"],
    ]
    assert page.title() == page.locator("h1").inner_text() == "Photographs"
    assert page.locator("#folder").inner_text() == "in /photographs/"
    assert page.locator(".card").count() == len(rows)
    assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 0)")


def test_the_page_may_not_ask_a_network(written: Write, browser: object) -> None:
    """Whatever would be put into it: the policy refuses connections, pictures, scripts and styles."""
    path = written(entries())
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        page = browser.new_page()
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        page.goto(path.as_uri())
        refused = page.evaluate((HERE / "ask.js").read_text(), f"http://127.0.0.1:{server.getsockname()[1]}/")
        page.close()
        assert refused == ["connect-src", "img-src", "script-src-elem", "style-src-elem"]
        with pytest.raises(BlockingIOError):
            server.accept()


def test_names_and_errors_of_strangers_are_text(written: Write, opened: Open) -> None:
    path = written([failed(name, f"cannot be read: {name}") for name in HOSTILE] + [scored(HOSTILE[0], 0.5)])
    page = opened(path)
    assert page.locator(".name").all_text_contents() == [
        *(SPELLED[0].rpartition("/")[2:]),
        *(name.rpartition("/")[2] for name in SPELLED),
    ]
    assert [text.partition(": ")[2] for text in page.locator(".error").all_text_contents()] == [
        *SPELLED[:2],
        "\"two\"\n'lines' &amp; \\udcff.jpg",
    ]
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0


def test_errors_are_shown_in_full(written: Write, opened: Open) -> None:
    page = opened(
        written([failed("a.jpg", "one line\n" + "a very long word without end " * 40)]),
        window={"width": 390, "height": 844},
    )
    error = page.locator(".error")
    assert error.inner_text().startswith("one line\na very long word")
    assert error.evaluate("one => one.scrollWidth <= one.clientWidth && one.scrollHeight <= one.clientHeight + 1")
    assert page.locator("#histogram rect:not(.over)").evaluate_all(
        "bars => bars.every(bar => +bar.getAttribute('height') === 0)"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_text_can_be_read(width: int, scheme: str, written: Write, opened: Open, tmp_path: Path) -> None:
    """At a contrast of 4.5 or more (WCAG AA), in windows that need no scrolling sideways; the pictures are kept."""
    page = opened(written(entries()), window={"width": width, "height": 900}, color_scheme=scheme)
    contrasts = page.evaluate((HERE / "contrast.js").read_text())
    assert len(contrasts) > 30
    assert [one for one in contrasts if one[1] < 4.5] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (max(ground) < 64) == (scheme == "dark")
    page.screenshot(path=tmp_path / f"{width}-{scheme}.png", full_page=True)


def test_thousands_of_images_open_and_few_are_drawn(written: Write, opened: Open) -> None:
    images = photographs(160)
    path = written([scored(f"{at}.jpg", at / 5000, pixels=images[at % len(images)]) for at in range(5000)])
    begin = time.monotonic()
    page = opened(path)
    page.wait_for_selector(".card")
    assert time.monotonic() - begin < 60
    assert page.locator("#count").inner_text() == "5,000 images"
    assert page.locator(".card").count() < 200
    page.locator(".card").last.scroll_into_view_if_needed()
    page.locator(".card").nth(119).wait_for()
    page.select_option("#sort", "highest")
    assert page.locator(".name").first.inner_text() == "4999.jpg"
    assert 0 < page.locator(".card").first.bounding_box()["y"] < 300
    assert page.locator(".card").count() < 200


def test_without_chromium_the_line_to_type_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.fail.Exception, match="type: sudo apt-get install chromium"):
        chromium()
