"""The pictures: there, readable by machine, and the same for the same numbers."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ksiqa.report.plots import write_plots
from ksiqa.report.plots.bars import distortion_bars
from ksiqa.report.plots.boxes import boxes_over_splits
from ksiqa.report.plots.clouds import prediction_clouds
from ksiqa.report.plots.curves import learning_curves
from ksiqa.report.style import COLOURS, colour, dash
from ksiqa.report.table.summary import rows_of
from tests.report.table.conftest import groups_of, write_run

NAMES = ("splits", "scatter", "learning", "distortions")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five splits of two recipes."""
    folder = tmp_path_factory.mktemp("five")
    for variant, noise in (("good", 0.2), ("worse", 0.6)):
        for split in range(5):
            write_run(folder / f"{variant}-{split}", noise=noise, split=split, config={"variant": variant})
    return folder


def rows(folder):
    return rows_of(groups_of(folder), scores=["model"])


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in (axes.title, axes.xaxis.label, *axes.get_yticklabels())]


@pytest.fixture(scope="module")
def written(folder, tmp_path_factory):
    """All pictures of the five splits."""
    return write_plots(tmp_path_factory.mktemp("plots"), groups_of(folder), scores=["model"])


def test_each_picture_as_png_and_svg(written):
    stem = "koniq10k_fewer_than_ten_splits"
    assert sorted(path.name for path in written) == sorted(f"{n}_{stem}.{e}" for n in NAMES for e in ("png", "svg"))
    for path in written:
        if path.suffix == ".png":
            with Image.open(path) as image:
                pixels = np.asarray(image.convert("RGB")).astype(int)
            assert min(pixels.shape[:2]) > 300
            blue = np.array([int(COLOURS[0][at : at + 2], 16) for at in (1, 3, 5)])
            assert (np.abs(pixels - blue).sum(-1) < 60).sum() > 100, path
        else:
            assert ElementTree.parse(path).getroot().tag.endswith("svg")
    assert sorted(written[0].parent.iterdir()) == sorted(written)


def test_the_same_numbers_give_the_same_files(written, folder, tmp_path):
    again = write_plots(tmp_path, groups_of(folder), scores=["model"])
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]


def test_boxes_hold_each_split(folder):
    found = rows(folder)
    figure = boxes_over_splits(found, title="A title")
    drawn = [points.get_offsets()[:, 0].tolist() for points in figure.axes[0].collections]
    assert drawn == [row.group.by_split("test/srcc") for row in found]
    assert {"good", "worse", "SRCC on the test part (5 splits)"} <= set(texts(figure))


def test_a_cloud_a_row_with_all_splits(folder):
    figure = prediction_clouds(rows(folder), title="A title")
    assert [axes.get_title() for axes in figure.axes] == ["good", "worse"]
    tables = [pd.read_csv(file) for file in sorted(folder.glob("good-*/predictions.csv"))]
    drawn = figure.axes[0].collections[0].get_offsets()
    assert np.allclose(drawn, pd.concat(tables)[["score_raw", "label"]])


def test_curves_are_means_over_runs(folder):
    figure = learning_curves(rows(folder), title="A title")
    assert [axes.get_title() for axes in figure.axes] == ["training loss", "validation SRCC"]
    loss = figure.axes[0].lines[0]
    assert loss.get_xdata().tolist() == [1, 2, 3]
    assert loss.get_ydata() == pytest.approx([1 / (epoch + 1.2) for epoch in range(3)])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["good", "worse"]


def test_bars_of_distortions(folder):
    figure = distortion_bars(rows(folder), title="A title")
    assert {"blur", "jpeg"} <= set(texts(figure))
    assert len(figure.axes[0].patches) == 4


def test_what_was_not_kept_is_not_drawn(tmp_path):
    run = write_run(tmp_path / "run")
    for name in ("predictions.csv", "metrics.csv"):
        (run / name).unlink()
    written = write_plots(tmp_path / "plots", groups_of(tmp_path), scores=["model"])
    assert {path.name.partition("_")[0] for path in written} == {"splits"}


def test_rows_of_different_marks_never_share_a_picture(tmp_path):
    for place, change in enumerate(({}, {"missing": 2})):
        run = write_run(tmp_path / str(place), config={"variant": str(place)}, **change)
        (run / "predictions.csv").unlink()
        (run / "metrics.csv").unlink()
    written = write_plots(tmp_path / "plots", groups_of(tmp_path), scores=["model"])
    assert len([path for path in written if path.suffix == ".png"]) == 2


def test_many_rows_keep_apart():
    styles = [(colour(place), dash(place)) for place in range(28)]
    assert len(set(styles)) == 28
