import json

import numpy as np
import pytest
from rich.console import Console

from ksiqa import build
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.inference.model_folder import load_model
from ksiqa.inference.scoring import Scorer
from ksiqa.metric.correlation import srcc
from ksiqa.sweep.demo_summary import summary, unseen_photographs
from ksiqa.training.run import run
from tests.runs import composed

RESULTS = {"test_n": 93, "test/srcc": 0.9, "test/plcc": 0.8, "ridge/srcc": 0.7, "ridge/plcc": 0.6, "seconds": 5.2}


def test_the_summary_has_a_row_a_variant_and_one_for_the_ridge():
    console = Console(width=120, record=True)
    console.print(summary({"plain": RESULTS, "joint": {**RESULTS, "test/teacher_srcc": 0.95}}))
    rows = {line.split()[1]: line.split() for line in console.export_text().splitlines() if line.startswith("│")}
    assert [rows[name][3] for name in ("ridge", "plain", "joint")] == ["0.700", "0.900", "0.900"]
    assert "0.950" in rows["joint"]
    assert "0.950" not in rows["plain"]


def test_only_photographs_that_were_never_trained_on_are_written(tmp_path):
    (tmp_path / "split").mkdir()
    (tmp_path / "split" / "test.txt").write_text("coffee__jpeg__1\ncoffee__pristine__0\nhubble_deep_field__jpeg__2\n")
    folder = unseen_photographs(tmp_path, tmp_path / "photographs")
    assert {file.stem.removesuffix("_quality_5") for file in folder.iterdir()} == {"coffee", "hubble_deep_field"}


@pytest.mark.long
def test_the_demos_teacher_needs_its_reference(tmp_path):
    """On contents never seen: photographs against themselves stand in the top 5%, and references of other contents cost
    at least .05 SRCC."""
    config = composed("train", "+experiment=demo", "variant=teacher", "trainer.enable_progress_bar=false")
    run(config, tmp_path)
    trained = load_model(tmp_path / "model")
    source = build.image_source(config.data)
    frame = source.table.frame
    names = {name.partition("__")[0] for name in (tmp_path / "split" / "test.txt").read_text().split()}
    contents = [name for name in demo_photographs() if any(name.startswith(one) for one in names)]
    rows = np.flatnonzero(frame["content"].isin(contents))
    pairs = [source.load(int(row)) for row in rows]
    other = {name: contents[(place + 1) % len(contents)] for place, name in enumerate(contents)}
    pristine = {name: source.load(int(frame.index[frame["image"] == f"{name}__pristine__0"][0])) for name in contents}
    own = np.array([Scorer(trained).score(pair.distorted, pair.reference).score for pair in pairs])
    swapped = np.array(
        [
            Scorer(trained).score(pair.distorted, pristine[other[content]].distorted).score
            for pair, content in zip(pairs, frame["content"].iloc[rows], strict=True)
        ]
    )
    label = source.table.scores[rows]
    identical = np.array([np.array_equal(pair.distorted, pair.reference) for pair in pairs])
    assert own[identical].min() >= np.quantile(own, 0.95) - 1e-6  # several distortions of level 1 change nothing, too
    assert srcc(own, label) - srcc(swapped, label) >= 0.05
    assert json.loads((tmp_path / "results.json").read_text())["fr"] is True
