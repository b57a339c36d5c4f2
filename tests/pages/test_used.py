"""The page in use: sorted, filtered, looked at, by mouse and by keyboard."""

from typing import TYPE_CHECKING

import matplotlib
import numpy as np
import pytest

from tests.pages.conftest import Open, Write, failed, photographs, scored

if TYPE_CHECKING:
    from playwright.sync_api import Locator
    from playwright.sync_api import Page as Opened

pytestmark = pytest.mark.pages

SCORES = {"b10": 0.31, "b9": 0.58, "a": 0.95, "c": 0.305}
HALVES = {"b10": 0.02, "b9": 0.2, "a": None, "c": 0.1}
MAP = np.linspace(0, 1, 48, dtype=np.float32).reshape(6, 8)


@pytest.fixture
def page(written: Write, opened: Open) -> "Opened":
    """Four photographs, scored, and one that failed; all but the first have maps."""
    pixels = iter(photographs())
    rows = [
        scored(
            f"photographs/{name}",
            score,
            half=HALVES[name],
            pixels=next(pixels),
            quality_map=MAP if name != "b10" else None,
        )
        for name, score in SCORES.items()
    ]
    return opened(written([failed("photographs/broken", "it ends too early"), *rows]))


def names(page: "Opened") -> list[str]:
    return page.locator(".name").all_inner_texts()


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("lowest", ["c", "b10", "b9", "a", "broken"]),
        ("highest", ["a", "b9", "b10", "c", "broken"]),
        ("name", ["a", "b9", "b10", "broken", "c"]),
        ("widest", ["b9", "c", "b10", "broken", "a"]),
        ("narrowest", ["b10", "c", "b9", "broken", "a"]),
    ],
)
def test_an_order_is_chosen(order: str, expected: list[str], page: "Opened") -> None:
    page.select_option("#sort", order)
    assert names(page) == expected


def test_a_card_tells_scores_and_interval(page: "Opened") -> None:
    card = page.locator(".card", has_text="b9")
    assert card.locator(".top").inner_text().split("\n") == ["0.580", "0.38 – 0.78"]
    assert card.locator(".raw").inner_text() == "58.00 on livec"
    line, inside, mark = (card.locator(one).bounding_box() for one in (".band", ".band i", ".band b"))
    assert (inside["x"] - line["x"]) / line["width"] == pytest.approx(0.38, abs=0.01)
    assert inside["width"] / line["width"] == pytest.approx(0.4, abs=0.01)
    assert (mark["x"] + mark["width"] / 2 - line["x"]) / line["width"] == pytest.approx(0.58, abs=0.01)
    assert page.locator(".card", has_text="0.950").locator(".band i").count() == 0


def test_a_text_is_found_in_names_and_errors(page: "Opened") -> None:
    page.get_by_label("Find").fill("B1")
    assert names(page) == ["b10"]
    page.get_by_label("Find").fill("early")
    assert names(page) == ["broken"]
    assert page.get_by_role("status").inner_text() == "1 of 5 images"
    page.get_by_role("button", name="Clear filters").click()
    assert len(names(page)) == 5
    assert page.get_by_role("button", name="Clear filters").is_hidden()


def test_the_failed_ones_alone(page: "Opened") -> None:
    page.get_by_label("Failed only").check()
    assert names(page) == ["broken"]
    assert page.locator(".error").inner_text() == "it ends too early"
    page.get_by_label("Failed only").uncheck()
    assert len(names(page)) == 5


def test_a_range_is_typed(page: "Opened") -> None:
    page.get_by_label("Score from").fill("0.31")
    assert names(page) == ["b10", "b9", "a"]
    page.get_by_label("to", exact=True).fill("0.58")
    assert names(page) == ["b10"]
    page.get_by_label("Score from").fill("")
    assert names(page) == ["c", "b10"]


def at(page: "Opened", score: float) -> tuple[float, float]:
    """Return where a score stands on the histogram."""
    box = page.locator("#histogram").bounding_box()
    return box["x"] + score * box["width"], box["y"] + box["height"] / 2


def test_a_bar_is_clicked_and_clicked_again(page: "Opened") -> None:
    page.mouse.click(*at(page, 0.59))
    assert names(page) == ["b9"]
    assert page.get_by_label("Score from").input_value() == "0.58"
    assert page.locator("#told").inner_text() == "0.58 to 0.60: 1 image"
    assert page.locator("#histogram rect.out").count() == 49
    page.mouse.click(*at(page, 0.59))
    assert len(names(page)) == 5


@pytest.mark.parametrize(("begin", "end"), [(0.305, 0.61), (0.61, 0.305)])
def test_a_range_is_dragged(begin: float, end: float, page: "Opened") -> None:
    page.mouse.move(*at(page, begin))
    page.mouse.down()
    page.mouse.move(*at(page, (begin + end) / 2), steps=3)
    page.mouse.move(*at(page, end))
    page.mouse.up()
    assert names(page) == ["c", "b10", "b9"]
    assert (page.locator("#least").input_value(), page.locator("#most").input_value()) == ("0.30", "0.62")


def test_bars_are_as_high_as_their_images_are_many(page: "Opened") -> None:
    heights = page.locator("#histogram rect:not(.over)").evaluate_all(
        "all => all.map(one => +one.getAttribute('height'))"
    )
    full = max(heights)
    assert {place: height / full for place, height in enumerate(heights) if height} == {15: 1, 29: 0.5, 47: 0.5}


def opacity(picture: "Locator") -> float:
    """Return how much of its map a picture shows, once it has come or gone."""
    return picture.evaluate(
        "one => Promise.all(one.getAnimations({ subtree: true }).map(each => each.finished))"
        ".then(() => { const map = one.querySelector('canvas'); return map ? +getComputedStyle(map).opacity : 0; })"
    )


def test_a_map_is_shown_under_the_mouse(page: "Opened") -> None:
    picture = page.get_by_role("button", name="Quality map of photographs/b9")
    assert opacity(picture) == 0
    picture.hover()
    assert opacity(picture) > 0.5
    shown = picture.locator("canvas").evaluate(
        "one => [one.width, one.height, ...one.getContext('2d').getImageData(0, 0, one.width, one.height).data]"
    )
    assert shown[:2] == [8, 6]
    colours = 255 * np.array(matplotlib.colormaps["viridis"](np.round(255 * MAP.ravel()).astype(int)))
    np.testing.assert_allclose(np.reshape(shown[2:], (-1, 4)), colours, atol=0.6)
    over, image = (picture.locator(one).bounding_box() for one in ("canvas", "img"))
    assert over == image
    page.mouse.move(0, 0)
    assert opacity(picture) == 0


def test_a_map_is_shown_to_the_keyboard_and_stays_when_chosen(page: "Opened") -> None:
    picture = page.get_by_role("button", name="Quality map of photographs/b9")
    page.get_by_label("Show all maps").focus()
    page.keyboard.press("Tab")  # to c; b10 has no map
    page.keyboard.press("Tab")
    assert picture.evaluate("one => one === document.activeElement")
    assert opacity(picture) > 0.5
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert picture.get_attribute("aria-pressed") == "true"
    assert opacity(picture) > 0.5


def test_all_maps_are_shown_at_once(page: "Opened") -> None:
    page.get_by_label("Show all maps").check()
    pictures = page.get_by_role("button", name="Quality map")
    assert pictures.count() == 3
    assert all(opacity(picture) > 0.5 for picture in pictures.all())
    page.select_option("#sort", "name")
    assert all(opacity(picture) > 0.5 for picture in pictures.all())
    page.get_by_label("Show all maps").uncheck()
    assert all(opacity(picture) == 0 for picture in pictures.all())


def test_without_maps_nothing_is_said_of_them(written: Write, opened: Open) -> None:
    page = opened(written([scored("a.jpg", 0.5, nr_score=0.25), scored("b.jpg", 0.75, pixels=photographs()[0])]))
    assert page.locator("#two").inner_text().startswith("Scores are the teacher's")
    assert page.get_by_text("Show all maps").count() == page.locator("#legend").count() == 0
    assert page.get_by_label("Failed only").is_hidden()
    assert page.locator(".picture").all_inner_texts() == ["no picture: the image cannot be read now", ""]
    assert page.locator(".raw").first.inner_text().split("\n") == ["50.00 on livec", "without reference 0.250"]


def test_every_field_has_a_name_and_can_be_reached(page: "Opened") -> None:
    page.locator("body").focus()
    label = "one => one.labels?.[0]?.innerText.trim().split('\\n')[0] ?? one.ariaLabel"
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.locator(":focus").evaluate(label))
    fields = ["Sort by", "Find", "Score from", "to", "Failed only", "Show all maps"]
    assert reached == [*fields, "Quality map of photographs/c", "Quality map of photographs/b9"]
