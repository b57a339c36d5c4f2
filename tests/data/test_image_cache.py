"""Decoded images: the same pixels as from the files, and never those of a file as it was before."""

import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ksiqa.data.image_cache import ImageCache, cache_folder, decoded_reader
from ksiqa.data.image_pairs import Draw, ImagePairs
from ksiqa.data.image_source import FileImages, decoded
from ksiqa.data.views import TrainingViews
from ksiqa.errors import DatasetError, ImageError
from tests.data.prepared import looked_over, write_photographs


def _pairs(source, short_side):
    views = TrainingViews(side=32, distinct=None)
    rows = range(len(source.table))
    return ImagePairs(source=source, rows=rows, views=views, short_side=short_side, seed=0, with_reference=True)


@pytest.mark.parametrize("short_side", [None, 40])
@pytest.mark.parametrize("room", [2**30, 60_000])  # for all, or for some
def test_samples_are_the_same_with_and_without(scored_files, tmp_path, short_side, room):
    table = scored_files.table
    index, _, broken = looked_over(table.files, tmp_path, short_side=short_side, limit=room)
    assert not broken
    assert index.used() <= room
    source = FileImages(table, keep=False, read=decoded_reader(table, cache=tmp_path, short_side=short_side))
    assert source.fingerprint == scored_files.fingerprint
    with_cache, without = _pairs(source, short_side), _pairs(scored_files, short_side)
    for place in range(len(table)):
        one, other = with_cache[Draw(place, 3)], without[Draw(place, 3)]
        assert torch.equal(one.distorted.image, other.distorted.image)
        assert torch.equal(one.reference.image, other.reference.image)


def test_it_is_used_only_where_it_was_made(scored_files, tmp_path):
    table = scored_files.table
    looked_over(table.files, tmp_path, short_side=40)
    assert decoded_reader(table, cache=tmp_path, short_side=None) is decoded
    assert decoded_reader(table, cache=tmp_path, short_side=40) is not decoded
    assert decoded_reader(table, cache=tmp_path / "other", short_side=40) is decoded


def test_pixels_come_from_the_cache_and_not_from_the_file(tmp_path):
    (file,) = write_photographs(tmp_path / "set", count=1)
    before = decoded(file)
    looked_over([file], tmp_path)
    status = Path(file).stat()
    Path(file).write_bytes(b"\0" * status.st_size)  # a change that neither length nor time tells of
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    opened = ImageCache(_folder([file], tmp_path), files=[file], short_side=None).read(file)
    np.testing.assert_array_equal(opened.pixels, before.pixels)
    assert opened.size == before.size == (64, 96)
    assert not opened.pixels.flags.writeable


def _folder(files, cache, short_side=None):
    return cache_folder(files, name="table", short_side=short_side, cache=cache)


def test_an_image_changed_before_is_read_from_its_file_and_said(tmp_path, capsys):
    files = write_photographs(tmp_path / "set", count=3)
    looked_over(files, tmp_path)
    Image.new("RGB", (50, 40), "red").save(files[1])
    cache = ImageCache(_folder(files, tmp_path), files=files, short_side=None)
    assert (cache.read(files[1]).pixels == [254, 0, 0]).all()
    said = capsys.readouterr().err
    assert f"1 of 3 images, first {files[1]}, have changed since they were decoded into " in said
    assert "ksiqa prepare renews them" in said
    looked_over(files, tmp_path)
    cache = ImageCache(_folder(files, tmp_path), files=files, short_side=None)
    assert (cache.read(files[1]).pixels == [254, 0, 0]).all()
    assert not capsys.readouterr().err


def test_an_image_changed_during_a_run_is_an_error(tmp_path):
    files = write_photographs(tmp_path / "set", count=2)
    looked_over(files, tmp_path)
    cache = ImageCache(_folder(files, tmp_path), files=files, short_side=None)
    cache.read(files[0])
    shutil.copy(files[1], files[0])
    with pytest.raises(
        ImageError, match=r"found: .*000.jpg, which was changed while it was in use\nexpected: the same"
    ):
        cache.read(files[0])
    Path(files[0]).unlink()
    with pytest.raises(ImageError, match=r"found: no file .*000.jpg"):
        cache.read(files[0])


def test_a_process_that_is_handed_the_cache_opens_its_own_map(tmp_path):
    files = write_photographs(tmp_path / "set", count=4, size=(600, 400))
    looked_over(files, tmp_path)
    cache = ImageCache(_folder(files, tmp_path), files=files, short_side=None)
    expected = cache.read(files[2]).pixels
    handed = pickle.dumps(cache)
    assert len(handed) < 20_000 < expected.nbytes
    np.testing.assert_array_equal(pickle.loads(handed).read(files[2]).pixels, expected)


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_load_the_same(scored_files, tmp_path, context):
    table = scored_files.table
    looked_over(table.files, tmp_path)
    source = FileImages(table, keep=False, read=decoded_reader(table, cache=tmp_path, short_side=None))
    source.load(0)  # the map is open before the workers start
    draws = [Draw(place, 0) for place in range(4)]
    loader = torch.utils.data.DataLoader(
        _pairs(source, None), sampler=draws, num_workers=1, multiprocessing_context=context, collate_fn=list
    )
    for (sample,), draw in zip(loader, draws, strict=True):
        assert torch.equal(sample.distorted.image, _pairs(scored_files, None)[draw].distorted.image)


@pytest.mark.parametrize("short_side", [None, 40])
def test_a_reference_of_another_size_is_refused_with_and_without(scored_files, tmp_path, short_side):
    folder = tmp_path / "set"
    shutil.copytree(Path(scored_files.table.files[0]).parent, folder)
    frame = scored_files.table.frame.copy()
    for column in ("image", "reference"):
        frame[column] = [str(folder / Path(name).name) for name in frame[column]]
    table = type(scored_files.table)(scored_files.table.facts, frame)
    with Image.open(frame["reference"][0]) as image:
        twice = image.resize((128, 128))
    twice.save(frame["reference"][0])
    looked_over(table.files, tmp_path, short_side=short_side)
    for read in (decoded, decoded_reader(table, cache=tmp_path, short_side=short_side)):
        with pytest.raises(ImageError, match=r"found: .*0_0.png of 64x64 and its reference .*0.png of 128x128"):
            FileImages(table, keep=False, read=read).load(0)


@pytest.mark.parametrize(
    ("name", "found"), [("pixels.bin", "pixels.bin of 100 bytes"), ("index.sqlite", "index.sqlite")]
)
def test_a_damaged_cache(tmp_path, name, found):
    files = write_photographs(tmp_path / "set", count=2)
    looked_over(files, tmp_path)
    (_folder(files, tmp_path) / name).write_bytes(b"x" * 100)
    with pytest.raises(
        DatasetError, match=rf"(?s)found: .*{found}.*do: delete the folder .*ksiqa prepare makes it anew"
    ):
        ImageCache(_folder(files, tmp_path), files=files, short_side=None)
