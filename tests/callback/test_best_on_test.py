"""The best epoch on the test part: its own figure, and nothing else changes."""

import csv
import json

import pytest
import torch
from safetensors.torch import load_file

from ksiqa.callback.best_on_test import KEY, best_on_test
from tests.runs import table_overrides, train
from tests.tiny import write_table

EPOCHS = ("trainer.max_epochs=2", "task.optimiser.head_lr=1e-2")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The same training without and with the figure, in two phases."""
    folder = tmp_path_factory.mktemp("best")
    data = table_overrides(write_table(folder / "images", contents=10))
    regime = ("sharing=sequential", "sharing.pair_epochs=1")
    plain = train(folder / "plain", *data, *EPOCHS, *regime)
    return folder, plain, train(folder / "best", *data, *EPOCHS, *regime, "report.best_on_test=true")


def test_it_is_the_best_epoch_of_the_last_phase_and_the_last_epoch_is_the_test_figure(runs):
    folder, _, results = runs
    with (folder / "best" / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    of_student = [float(row[KEY]) for row in rows if row["phase"] == "student"]
    assert len(of_student) == 2
    assert results["best_on_test/srcc"] == max(of_student)
    assert of_student[-1] == pytest.approx(results["test/srcc"], abs=1e-6)


def test_nothing_else_changes(runs):
    folder, plain, results = runs
    assert "best_on_test/srcc" not in plain
    differing = {key for key in results if results[key] != plain.get(key)} - {"seconds"}  # which may be the same
    assert differing == {"best_on_test/srcc", "recipe", "repeat"}
    assert not any("best" in key for key in results if key.startswith("test/"))
    one, other = (load_file(folder / name / "model" / "model.safetensors") for name in ("plain", "best"))
    assert all((one[name] == other[name]).all() for name in one)
    states = [
        torch.load(folder / name / "checkpoints" / "student" / "last.ckpt", weights_only=True)["random_states"][0][
            "torch"
        ]
        for name in ("plain", "best")
    ]
    assert torch.equal(*states)
    assert json.loads((folder / "best" / "results.json").read_text()) == results


def test_metrics_without_the_figure(tmp_path):
    (tmp_path / "metrics.csv").write_text("phase,epoch\nstudent,0\n")
    assert best_on_test(tmp_path / "metrics.csv") == {}
