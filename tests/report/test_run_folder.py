"""What a run says of its data and of each prediction."""

import numpy as np
import pandas as pd
import pytest

from ksiqa.data.datasets.kadid10k import FACTS
from ksiqa.data.datasets.koniq10k import FACTS as KONIQ
from ksiqa.metric.logistic import fit_logistic
from ksiqa.report.table.run import Run
from ksiqa.report.table.runs import read_runs
from tests.fake_iqa import WRITERS
from tests.runs import train


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on a tiny copy of a set with distortions, levels and spreads."""
    folder = tmp_path_factory.mktemp("kadid10k")
    WRITERS["kadid10k"](folder / "data")
    data = ["data=kadid10k", f"data.root={folder / 'data'}", "data.allow_missing=true", "split.validation_share=0"]
    return folder, train(folder / "run", *data, "+trainer.limit_train_batches=1")


def test_predictions_name_distortion_and_level(run):
    table = pd.read_csv(run[0] / "run" / "predictions.csv", dtype={"distortion": str})
    assert {"distortion", "level"} <= set(table)
    for row in table.itertuples():
        _, distortion, level = row.image.rpartition("/")[2].removesuffix(".png").split("_")
        assert (row.distortion, row.level) == (distortion, int(level))


def test_the_outlier_ratio_by_another_way(run):
    folder, results = run
    predicted = pd.read_csv(folder / "run" / "predictions.csv")
    labels = pd.read_csv(folder / "data" / "dmos.csv").set_index("dist_img")
    spread = labels.loc[predicted["image"].str.rpartition("/")[2], "var"].to_numpy()
    score, label = predicted["score"].to_numpy(), FACTS.to_score(predicted["label"].to_numpy())
    fitted = FACTS.to_raw(fit_logistic(score, label)(score))
    assert results["test/outlier_ratio"] == np.mean(np.abs(fitted - predicted["label"]) > 2 * spread)


def test_a_partial_copy_is_told_and_marked(run):
    folder, results = run
    assert results["unlisted"] == FACTS.rows - results["train_n"] - results["test_n"]
    (found,) = read_runs([folder / "run"]).runs
    assert isinstance(found, Run)
    assert found.marks == {"partial data"}


def test_a_spread_on_another_scale_than_its_labels_makes_no_outliers():
    assert FACTS.spread_in_units
    assert not KONIQ.spread_in_units
