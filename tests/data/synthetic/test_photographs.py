import numpy as np
import pytest
from PIL import Image

from ksiqa.data.synthetic.photographs import Photographs, is_grey, photographs_in
from ksiqa.errors import DatasetError, ImageError


def test_a_folder_lists_its_images_sorted_whatever_the_suffixs_case(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("b.JPG", "a.png", "sub/c.webp", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in photographs_in(tmp_path)] == ["a.png", "b.JPG", "c.webp"]


def test_no_folder(tmp_path):
    with pytest.raises(
        DatasetError, match=r"found: no folder .*none\nexpected: a folder of photographs\ndo: set data.root"
    ):
        photographs_in(tmp_path / "none")


def test_an_empty_folder(tmp_path):
    with pytest.raises(
        DatasetError,
        match=r"found: no image in .*\nexpected: photographs named \*.apng, \*.avif, .*\ndo: set data.root",
    ):
        photographs_in(tmp_path)


def test_files_are_cut_at_their_centre(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (80, 91, 3), dtype=np.uint8)
    Image.fromarray(image).save(tmp_path / "one.png")
    photographs = Photographs([tmp_path / "one.png"], size=(70, 90), keep_in_memory=False)
    assert photographs.references == {"one": str(tmp_path / "one.png")}
    assert np.array_equal(photographs["one"], image[5:75, 0:90])


def test_nothing_is_enlarged(crops):
    with pytest.raises(
        ImageError, match=r"found: photograph astronaut of 192x192\nexpected: at least 200x192.*\ndo: ask"
    ):
        Photographs(crops, size=(192, 200), keep_in_memory=True)


def test_two_files_of_one_name(tmp_path):
    with pytest.raises(
        DatasetError, match=r"found: .*a.png and .*a.jpg\nexpected: a name of its own.*\ndo: rename one"
    ):
        Photographs([tmp_path / "a.png", tmp_path / "a.jpg"], size=None, keep_in_memory=False)


def test_no_photographs():
    with pytest.raises(DatasetError, match="found: no photographs\nexpected: one or more\ndo: name a folder"):
        Photographs([], size=None, keep_in_memory=False)


def test_grey_means_equal_channels(crops):
    assert is_grey(crops["camera"])
    assert not is_grey(crops["coffee"])
