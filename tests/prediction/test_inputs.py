import io
import os
import sys

import pytest

from ksiqa.data.image_file import images_in
from ksiqa.errors import ImageError
from ksiqa.prediction.inputs import found_files
from ksiqa.prediction.rows import row_name


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Names are all that counts here."""
    monkeypatch.chdir(tmp_path)
    for name in ("b/2.JPG", "b/1.png", "b/1.txt", "b.png", "a[1].png", "a1.png", "deep/er/x.webp", "deep/b-.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def _given(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_folder_names_all_images_below_it_in_the_order_of_their_names(files):
    assert list(found_files(["b", "deep"])) == ["b/1.png", "b/2.JPG", "deep/b-.png", "deep/er/x.webp"]
    assert list(found_files([str(files)])) == [str(path) for path in images_in(files)]


def test_each_image_stands_once_where_it_is_named_first(files):
    assert list(found_files(["./b/2.JPG", "b", "b/*"])) == ["b/2.JPG", "b/1.png", "b/1.txt"]


def test_a_pattern_is_one_only_where_no_file_has_that_name(files):
    assert list(found_files(["a[1].png"])) == ["a[1].png"]
    assert list(found_files(["a[0-9].png"])) == ["a1.png"]
    assert list(found_files(["**/*.png"])) == ["a1.png", "a[1].png", "b/1.png", "b.png", "deep/b-.png"]


def test_the_folder_from_which_an_image_was_found(files):
    assert found_files(["deep", "b/1.png", "b/*.JPG", "d*/er/*"]) == {
        "deep/b-.png": "deep",
        "deep/er/x.webp": "deep",
        "b/1.png": "b",
        "b/2.JPG": "b",
    }
    assert found_files(["d*/er/*"]) == {"deep/er/x.webp": "."}


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\0"])
def test_a_list_on_standard_input(files, monkeypatch, end):
    _given(monkeypatch, end.join([b"b/1.png", b"", b"a[1].png", b"gone*.png", b"deep"]) + end)
    assert list(found_files(["b.png", "-"])) == [
        *("b.png", "b/1.png", "a[1].png", "gone*.png"),
        *("deep/b-.png", "deep/er/x.webp"),
    ]


def test_a_list_between_zero_bytes_may_have_lines_in_its_names(files, monkeypatch):
    _given(monkeypatch, b"a\nb.png\0c.png")
    assert list(found_files(["-"])) == ["a\nb.png", "c.png"]


def test_a_name_that_is_no_utf_8_is_found_and_told(files):
    (files / "odd").mkdir()
    (files / "odd" / os.fsdecode(b"\xff.png")).touch()
    (name,) = found_files(["odd"])
    assert os.path.exists(name)  # noqa: PTH110
    assert row_name(name) == "odd/\\xff.png"


def test_what_names_no_image(files, monkeypatch):
    for text in ("none*.png", "b/*.gif", "empty"):
        (files / "empty").mkdir(exist_ok=True)
        with pytest.raises(ImageError, match=r"which names no image\nexpected: a file, a folder of images, or a"):
            found_files(["b.png", text])
    _given(monkeypatch, b"\n\n")
    with pytest.raises(ImageError, match="found: a list on standard input, which names no image"):
        found_files(["-"])


def test_an_address_is_refused_at_once(files, monkeypatch):
    """Before the pattern that names nothing."""
    said = r"found: the address https://a.b/c.png\nexpected: files on this machine\ndo: download it first"
    with pytest.raises(ImageError, match=said):
        found_files(["none*.png", "https://a.b/c.png"])
    _given(monkeypatch, b"b.png\nhttps://a.b/c.png\n")
    with pytest.raises(ImageError, match=said):
        found_files(["-"])


def test_maps_in_the_folder_are_no_photographs_and_a_file_has_one_name(files, monkeypatch):
    monkeypatch.chdir(files)
    before = list(found_files(["."]))
    (files / "maps").mkdir()
    (files / "maps" / "1.png").write_bytes(b"")
    (files / "maps2.png").write_bytes(b"")
    assert list(found_files([".", "maps2.png"], leave_out=files / "maps")) == [*before, "maps2.png"]
    assert "maps/1.png" in found_files(["."])
    assert not any(name.startswith("./") for name in before)
