"""What a run says of its data and of each prediction."""

import numpy as np
import pandas as pd
import pytest

from ksiqa.data.datasets.kadid10k import FACTS
from ksiqa.data.datasets.koniq10k import FACTS as KONIQ
from ksiqa.data.datasets.table_file import read_table
from ksiqa.data.image_source import FileImages
from ksiqa.inference import evaluation
from ksiqa.metric.collected import Collected
from ksiqa.metric.logistic import fit_logistic
from ksiqa.report.run_folder import write_predictions
from ksiqa.report.table.run import Run
from ksiqa.report.table.runs import read_runs
from tests.fake_iqa import WRITERS
from tests.runs import train
from tests.tiny import quality_data, write_table


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


def test_predictions_name_contents_that_are_not_the_references(tmp_path):
    file = write_table(tmp_path, contents=10)
    table = pd.read_csv(file).assign(room=[f"room {row // 10}" for row in range(50)])
    table.to_csv(file, index=False)
    scale = {"low": 1, "high": 5, "higher_is_better": True, "label": "MOS"}
    columns = {"image": "image", "score": "score", "reference": "reference", "content": "room"}
    data = quality_data(FileImages(read_table(file=file, root=None, **columns, **scale), keep=True))
    rows = np.array(data.split.test)
    scores = {"student": Collected(row=rows, score=np.zeros(10), label=data.table.scores[rows], doubt=np.ones(10))}
    tested = evaluation.Tested(data=data, scores=scores, agreements={}, imagery={}, task=None, residuals=None)
    write_predictions(tmp_path / "predictions.csv", tested=[tested])
    assert set(pd.read_csv(tmp_path / "predictions.csv")["content"]) == {"room 4"}


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
