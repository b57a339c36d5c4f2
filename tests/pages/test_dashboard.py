"""The dashboard in a browser: what it shows, by mouse and by keyboard, wide and narrow, with anybody's names."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ksiqa.report.dashboard import write_dashboard
from tests.pages.conftest import Open
from tests.report.dashboard.conftest import asked, five  # noqa: F401  (a fixture)
from tests.report.table.conftest import groups_of, write_run

if TYPE_CHECKING:
    from playwright.sync_api import Page as Opened

pytestmark = pytest.mark.pages

HERE = Path(__file__).parent
HOSTILE = "</script><img src=x onerror=alert(1)><script>alert(1)</script>"
Show = Callable[..., "Opened"]


@pytest.fixture
def shown(opened: Open, tmp_path: Path) -> Show:
    """Open the page of some runs."""

    def show(*runs: Path, window: dict[str, int] | None = None, scheme: str = "light", **changes: Any) -> "Opened":
        path = tmp_path / "dashboard.html"
        write_dashboard(path, groups_of(*runs), asked(**changes))
        return opened(path, window=window or {"width": 1200, "height": 900}, color_scheme=scheme)

    return show


@pytest.fixture
def page(shown: Show, five: Path) -> "Opened":  # noqa: F811  (the fixture)
    return shown(five)


def told(page: "Opened", section: str) -> str:
    return page.locator(f"#{section} .told").inner_text()


def test_every_view_is_drawn(page: "Opened") -> None:
    assert page.locator("#title").inner_text() == "KonIQ-10k (MOS); marked: fewer than ten splits"
    assert page.locator("#rows button").all_inner_texts() == ["good", "worse"]
    counts = {"#boxes circle": 10, "#boxes rect.area": 2, "#bars rect": 1, "#swept path": 2}
    counts |= {"#curves path.run": 10, "#curves path.median": 2, "#scatter circle": 100, "#worst .card": 4}
    assert {name: page.locator(name).count() for name in counts} == counts
    assert "runs (mean distance 0." in page.locator("#worst").inner_text()
    assert page.locator("section:visible").count() == 8
    assert page.locator("table:visible").count() == 3


def test_a_recipe_is_left_out_and_pointed_at(page: "Opened") -> None:
    worse = page.get_by_role("button", name="worse")
    worse.focus()
    faint = page.locator("#curves path[data-row='0'].median")
    assert faint.evaluate("one => +getComputedStyle(one).opacity") < 0.5
    page.keyboard.press("Enter")
    assert worse.get_attribute("aria-pressed") == "false"
    assert page.locator("#boxes circle").count() == 5
    assert page.locator("#curves path").count() == 6
    assert page.locator("#swept path").count() == 1
    page.keyboard.press("Enter")
    assert page.locator("#boxes circle").count() == 10


def test_a_figure_is_chosen(page: "Opened") -> None:
    page.select_option("#boxes select", "KRCC")
    assert "KRCC on the test part" in page.locator("#boxes svg").text_content()
    assert page.locator("#curves select").input_value() == "validation/srcc"
    page.select_option("#curves select", "train/loss")
    page.get_by_label("Each run").uncheck()
    assert page.locator("#curves path").count() == 2


def test_points_are_gone_through_by_keyboard(page: "Opened") -> None:
    page.locator("#boxes svg").focus()
    page.keyboard.press("ArrowRight")
    assert told(page, "boxes").startswith("good, split 0: ")
    page.keyboard.press("ArrowUp")
    assert told(page, "boxes").startswith("worse, split 4: ")
    page.locator("#curves svg").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert told(page, "curves") == "good, split 0, seed 0, epoch 2: 0.1"
    page.keyboard.press("End")
    assert told(page, "curves").startswith("worse, median of 5 runs, epoch 1: ")
    page.keyboard.press("Escape")
    assert page.locator(".chosen").count() == 1  # of the boxes


def test_an_image_stands_beside_the_point_under_the_mouse(page: "Opened") -> None:
    dot = page.locator("#scatter circle").nth(50)
    dot.scroll_into_view_if_needed()
    dot.hover()
    chosen = page.locator("#scatter .chosen")
    assert chosen.count() == 1
    name = page.locator("#scatter .name").inner_text()
    assert told(page, "scatter").startswith(f"{name}: score ")
    assert page.locator("#scatter .point img").evaluate("one => one.complete && one.naturalWidth > 0")
    assert page.locator("#scatter .folder").inner_text().startswith("split ")


def test_one_run_of_another_recipe(page: "Opened") -> None:
    page.select_option("#cloud", label="worse")
    page.select_option("#run", label="split 3, seed 0")
    assert page.locator("#scatter circle").count() == 20
    page.select_option("#cloud", label="good")
    assert page.locator("#scatter circle").count() == 100


def test_one_kind_at_a_time(shown: Show, five: Path, tmp_path: Path) -> None:  # noqa: F811  (the fixture)
    write_run(tmp_path / "pseudo", label="pseudo-score", data="demo", config={"variant": "demo"})
    page = shown(five, tmp_path / "pseudo")
    page.locator("#kind").select_option(label="demo (pseudo-score); marked: fewer than ten splits, pseudo-scores")
    assert page.locator("#title").inner_text().endswith("marked: fewer than ten splits, pseudo-scores")
    assert page.locator("#rows").is_hidden()
    assert page.locator("#boxes circle").count() == 1
    assert page.locator("#bars").is_hidden()
    assert page.locator("#scatter circle").count() == 20
    assert page.locator("table:visible").count() == 2
    assert "MOS" not in page.locator("main").inner_text()


@pytest.mark.parametrize(
    ("values", "least", "most"), [([-1.0], -1, -0.94), ([0.8], 0.76, 0.84), ([0.0], 0, 0.06), ([0.6, 1.0], 0.58, 1)]
)
def test_an_axis_ends_near_its_values_and_where_figures_end(
    values: list[float], least: float, most: float, shown: Show, tmp_path: Path
) -> None:
    for split, value in enumerate(values):
        write_run(tmp_path / "runs" / str(split), split=split, **{"test/srcc": value})
    ticks = shown(tmp_path / "runs").locator("#boxes text.quiet").all_text_contents()
    assert len(ticks) > 1
    assert least <= min(map(float, ticks)) < max(map(float, ticks)) <= most


def test_names_of_files_have_room_beside_their_axis(shown: Show, tmp_path: Path) -> None:
    for noise, name in ((0.1, "first"), (0.2, "other")):
        write_run(tmp_path / name, noise=noise, config={"start": f"/weights/{name}_network.safetensors"})
    page = shown(tmp_path)
    assert page.locator("#rows button").all_inner_texts()[0] == "start=first_network.safetensors"
    lefts = page.locator("#swept text").evaluate_all("all => all.map(one => one.getBBox().x)")
    assert len(lefts) > 3
    assert min(lefts) >= 0


def test_no_line_goes_through_a_name_of_the_differences(page: "Opened") -> None:
    crossing = page.locator("#bars text.over").evaluate_all(
        """names => names.flatMap((name) => {
             const { top, bottom } = name.getBoundingClientRect();
             const marks = [...document.querySelectorAll("#bars line.mark")];
             const boxes = marks.map((line) => line.getBoundingClientRect());
             return boxes.filter((box) => box.top < bottom && box.bottom > top).map(() => name.textContent);
           })"""
    )
    assert crossing == []
    assert page.locator("#bars line.mark").count() > 1


def test_the_worst_images_are_there_before_they_are_scrolled_to(page: "Opened") -> None:
    """As in print, and in a picture of the whole page."""
    page.wait_for_function("[...document.querySelectorAll('#worst img')].every(one => one.naturalWidth > 0)")
    assert page.locator("#worst img").count() == 4


def test_a_box_without_an_image_says_why(shown: Show, tmp_path: Path) -> None:
    page = shown(write_run(tmp_path / "one"))
    assert page.locator("#worst .picture").all_inner_texts() == ["image not found"] * 4
    page.locator("#scatter svg").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#scatter .picture").inner_text() == "image not found"


def test_names_of_strangers_are_text(shown: Show, tmp_path: Path) -> None:
    for name in (HOSTILE, f"b{HOSTILE}"):
        run = write_run(tmp_path / "runs" / name[:1], config={"variant": name}, data=HOSTILE)
        for file in ("predictions.csv", "metrics.csv"):
            text = (run / file).read_text().replace(".png", f"{HOSTILE}.png").replace("train/loss", HOSTILE)
            (run / file).write_text(text)
    page = shown(tmp_path / "runs", title=HOSTILE)
    assert page.title() == page.locator("h1").inner_text() == HOSTILE
    assert page.locator("#rows button").all_inner_texts() == [HOSTILE, f"b{HOSTILE}"]
    page.select_option("#curves select", HOSTILE)
    for section in ("boxes", "curves", "scatter", "bars", "swept"):
        page.locator(f"#{section} svg[tabindex]").focus()
        page.keyboard.press("ArrowRight")
        assert HOSTILE in told(page, section)
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
def test_every_text_can_be_read(width: int, scheme: str, shown: Show, five: Path, tmp_path: Path) -> None:  # noqa: F811  (the fixture)
    """At a contrast of 4.5 or more, in windows that need no scrolling sideways; the pictures are kept."""
    page = shown(five, window={"width": width, "height": 900}, scheme=scheme)
    contrasts = page.evaluate((HERE / "contrast.js").read_text())
    assert len(contrasts) > 100
    assert [one for one in contrasts if one[1] < 4.5] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    inside = "svgs => svgs.every(svg => svg.closest('.wide') || svg.getBoundingClientRect().right <= innerWidth)"
    assert page.locator("svg").evaluate_all(inside)
    page.screenshot(path=tmp_path / f"{width}-{scheme}.png", full_page=True)
