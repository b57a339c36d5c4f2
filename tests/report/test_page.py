import json
import tracemalloc
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.errors import StorageError
from ksiqa.report.page import Page
from ksiqa.report.page.picture import CELLS, SIDE

SCORED = {"score": 0.5, "score_raw": 50.0, "scale": "livec", "low": 0.25, "high": 0.75, "error": ""}
HOSTILE = [
    "</script><script>alert(1)</script>.jpg",
    "<!--<script>",
    "\"quoted\" & 'quoted'.png",
    "two\nlines\tand\x1b[31m red.png",
    "not \udcff UTF-8.png",
    "right-to-left \u202egpj.exe",
]
SPELLED = [*HOSTILE[:3], r"two\nlines\tand\x1b[31m red.png", r"not \udcff UTF-8.png", r"right-to-left \u202egpj.exe"]


class Held(HTMLParser):
    """What a page holds, as a browser would split it: data, titles, and the text of h1."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open, self.rows, self.titles, self.tags = ("", {}), [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[Any]) -> None:
        self.open = (tag, dict(attrs))
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        tag, attributes = self.open
        if tag == "script" and attributes.get("type") == "application/json" and data.strip():
            self.rows.append(json.loads(data))
        if tag in ("title", "h1") and data.strip():
            self.titles.append(data)


def written(path: Path, *entries: dict[str, Any], title: str = "A title") -> list[dict[str, Any]]:
    """Write a page and return what it holds of each entry."""
    with Page(path, title=title) as page:
        for entry in entries:
            row = {**SCORED, **{name: value for name, value in entry.items() if name not in ("pixels", "quality_map")}}
            page.add(row, pixels=entry.get("pixels"), quality_map=entry.get("quality_map"))
    return Held(path).rows


def thumbnail(row: dict[str, Any]) -> Image.Image:
    return Image.open(BytesIO(b64decode(row["thumbnail"])))


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_names_titles_and_errors_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    rows = written(path, *({"image": name, "error": name} for name in HOSTILE), title=HOSTILE[0] + HOSTILE[4])
    assert [row["image"] for row in rows] == SPELLED
    assert rows[3]["error"] == "two\nlines\tand\\x1b[31m red.png"
    held = Held(path)
    assert held.titles == [HOSTILE[0] + SPELLED[4]] * 2
    assert held.tags.count("script") == 1 + len(HOSTILE)


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    failed = {**dict.fromkeys(("score", "score_raw", "scale", "low", "high")), "error": "it is broken"}
    first, second, third = written(
        tmp_path / "report.html",
        {"image": "a.png", "low": None, "high": None},
        {"image": "b.png", **failed},
        {"image": "c.png", "nr_score": 0.375},
    )
    assert first == {"image": "a.png", "error": "", "score": 0.5, "score_raw": 50.0, "scale": "livec"}
    assert second == {"image": "b.png", "error": "it is broken"}
    assert third["nr_score"] == 0.375


def test_a_score_that_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        written(tmp_path / "report.html", {"image": "a.png", "score": float("nan")})


@pytest.mark.parametrize("shape", [(600, 900), (3000, 20), (1, 1), (32, 4000)])
def test_a_thumbnail_has_the_images_proportions(shape: tuple[int, int], tmp_path: Path) -> None:
    (row,) = written(tmp_path / "report.html", {"image": "a.png", "pixels": noise(*shape)})
    assert (row["height"], row["width"]) == shape
    factor = min(1, SIDE / max(shape))
    width, height = thumbnail(row).size
    assert (height, width) == tuple(max(1, round(factor * side)) for side in shape)


def test_a_photograph_takes_some_kilobytes_whatever_its_size(tmp_path: Path) -> None:
    photographs = list(demo_photographs().values())
    large = [photograph.repeat(3, axis=0).repeat(3, axis=1) for photograph in photographs]
    kept = np.full((27, 36), 0.5, np.float32)

    def size(of: list[np.ndarray]) -> float:
        path = tmp_path / "report.html"
        written(path)
        empty = path.stat().st_size
        written(path, *({"image": "a.png", "pixels": pixels, "quality_map": kept} for pixels in of))
        return (path.stat().st_size - empty) / len(of)

    assert size(photographs) < 16_000
    assert size(large) < 1.1 * size(photographs)


def test_a_map_keeps_its_values(tmp_path: Path) -> None:
    small = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    large = np.tile(np.linspace(0, 1, 480, dtype=np.float32), (96, 1))
    entries = [{"image": "a.png", "quality_map": small}, {"image": "b.png", "quality_map": large}]
    first, second = (row["map"] for row in written(tmp_path / "report.html", *entries))
    assert (first["rows"], first["columns"]) == small.shape
    np.testing.assert_allclose(np.frombuffer(b64decode(first["values"]), np.uint8) / 255, small.ravel(), atol=0.5 / 255)
    assert (second["rows"], second["columns"]) == (round(96 * CELLS / 480), CELLS)
    means = large[0].reshape(CELLS, -1).mean(axis=1)
    values = np.frombuffer(b64decode(second["values"]), np.uint8).reshape(-1, CELLS) / 255
    np.testing.assert_allclose(values, np.tile(means, (len(values), 1)), atol=0.51 / 255)


def test_entries_go_to_the_disk_and_memory_does_not_grow(tmp_path: Path) -> None:
    pixels = noise(180, 240)

    def peak(count: int) -> int:
        with Page(tmp_path / "report.html", title="Many") as page:
            tracemalloc.start()
            for number in range(count):
                page.add({**SCORED, "image": f"{number}.png"}, pixels=pixels, quality_map=None)
            (part,) = tmp_path.glob(".*")
            assert part.name.endswith(".ksiqa-part")
            assert part.stat().st_size > 10_000 * (count - 1)
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return most

    few = peak(5)
    assert peak(150) < few + 200_000  # less than a tenth of what was written


def test_the_old_page_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    with Page(path, title="New") as page:
        page.add({**SCORED, "image": "a.png"}, pixels=None, quality_map=None)
        assert path.read_text() == "old"
    assert len(Held(path).rows) == 1
    assert list(tmp_path.iterdir()) == [path]


def write_half(path: Path, error: type[BaseException]) -> None:
    with Page(path, title="New") as page:
        page.add({**SCORED, "image": "a.png"}, pixels=noise(60, 60), quality_map=None)
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_error_leaves_the_old_page_and_nothing_else(error: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(error):
        write_half(path, error)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nowhere"), Page(tmp_path / "nowhere" / "report.html", title="New"):
        pass


def test_the_same_rows_give_the_same_page(tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        written(tmp_path / name, {"image": "a.png", "pixels": noise(60, 90)})
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
