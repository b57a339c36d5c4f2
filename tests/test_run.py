"""Runs from a composed config to the folder that they leave behind."""

import json
import os
import signal
import subprocess
import sys

import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import load_file

from ksiqa import build, mix, trainers
from ksiqa.batch import View
from ksiqa.command import conf_folder
from ksiqa.errors import ConfigError
from ksiqa.inference.model_folder import load_model
from ksiqa.task.quality import QualityTask
from tests.fake_iqa import WRITERS
from tests.fake_iqa.live import write_live_labels
from tests.runs import SMALL, composed, table_overrides, train
from tests.runs import evaluated as _evaluated
from tests.runs import rows as _rows
from tests.runs import same_weights as _same_weights
from tests.runs import wait_for as _wait_for
from tests.tiny import write_table

ONE_STEP = ("+trainer.limit_train_batches=1",)
JOINT = ("sharing=joint", "trainer.max_epochs=2", "name=joint")
FIGURES = ("srcc", "plcc", "plcc_fitted", "krcc", "rmse")
SHIPPED = {
    group: sorted(file.stem for file in (conf_folder() / group).glob("*.yaml"))
    for group in ("backbone", "experiment", "loss", "sharing")
}


PAIR_SPLIT = ("pair_split.test_share=0.25", "pair_split.validation_share=0.25")  # of a handful of photographs


@pytest.fixture(scope="session")
def pairs(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("pairs"), contents=10)


@pytest.fixture(scope="session")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    return write_table(folder, contents=10, first=20, references=False)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory):
    """A folder of five photographs, to be made into synthetic pairs."""
    folder = tmp_path_factory.mktemp("pristine")
    write_table(folder / "written", contents=5, first=30, side=96)
    for number in range(30, 35):
        (folder / "written" / f"{number}.png").rename(folder / f"{number}.png")
    for rest in (folder / "written").iterdir():
        rest.unlink()
    (folder / "written").rmdir()
    return folder


@pytest.fixture(scope="module")
def joint(pairs, tmp_path_factory):
    """A joint training of two epochs."""
    folder = tmp_path_factory.mktemp("outputs") / "joint" / "now"
    return folder, train(folder, *table_overrides(pairs), *JOINT)


def test_a_run_leaves_every_file_behind(joint):
    folder, _ = joint
    for name in ("config.yaml", "metrics.csv", "results.json", "predictions.csv", "scatter.png"):
        assert (folder / name).is_file(), name
    assert sorted(file.name for file in (folder / "model").iterdir()) == ["config.json", "model.safetensors"]
    assert (folder / "checkpoints" / "joint" / "last.ckpt").is_file()
    with Image.open(folder / "scatter.png") as picture:
        assert picture.size[0] > 500
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert config["sharing"]["kind"] == "joint"
    assert "${" not in (folder / "config.yaml").read_text()
    assert "hydra" not in config


def test_results_hold_figures_and_provenance(joint):
    folder, returned = joint
    results = json.loads((folder / "results.json").read_text())
    assert results == json.loads(json.dumps(returned))
    assert {f"test/{name}" for name in FIGURES} <= set(results)
    assert {f"test/teacher_{name}" for name in FIGURES} <= set(results)
    assert {"test/imagery_error", "test/identity_error", "seed", "split", "version", "commit", "seconds"} <= set(
        results
    )
    assert (results["train_n"], results["validation_n"], results["test_n"]) == (30, 10, 10)


def test_a_run_of_a_fixed_length_trains_on_all_that_is_not_tested(pairs, tmp_path):
    results = train(tmp_path / "run", *table_overrides(pairs), *ONE_STEP, "split.validation_share=null")
    assert (results["train_n"], results["validation_n"], results["test_n"]) == (40, 0, 10)


def test_metrics_hold_every_term_of_every_epoch(joint):
    rows = _rows(joint[0] / "metrics.csv")
    assert [(row["phase"], row["epoch"]) for row in rows] == [("joint", "0"), ("joint", "1")]
    terms = {"mse", "plcc", "ordinal"}
    for model, more in (("student", {"imagery_cosine", "imagery_smooth_l1", "sharing_decoding"}), ("teacher", set())):
        for term in terms | more:
            assert all(float(row[f"train/table/{model}/{term}"]) >= 0 for row in rows), term
    assert {"train/loss", "validation/srcc", "validation/teacher_srcc", "lr/head", "lr/backbone"} <= set(rows[0])


def test_predictions_are_the_test_part_with_both_scales(joint):
    folder, results = joint
    rows = _rows(folder / "predictions.csv")
    assert list(rows[0]) == ["image", "reference", "label", "score", "score_raw", "fr_score"]
    assert len(rows) == results["test_n"]
    for row in rows:
        assert float(row["score_raw"]) == pytest.approx(1 + 4 * float(row["score"]))
        assert float(row["label"]) == 5 - int(row["image"][-5])


@pytest.mark.parametrize("batch_size", [8, 3])  # of training, and another
def test_evaluate_gives_exactly_the_test_numbers_of_training(batch_size, joint, pairs, tmp_path):
    folder, results = joint
    data = [*table_overrides(pairs), "data.workers=0", f"data.batch_size={batch_size}", "split.validation_share=0.2"]
    again = _evaluated(tmp_path, folder / "model", *data)
    figures = [name for name in results if name.startswith("test/")]
    assert len(figures) == 12
    assert {name: again[name] for name in figures} == {name: results[name] for name in figures}
    assert (tmp_path / "predictions.csv").read_text() == (folder / "predictions.csv").read_text()


def test_a_model_is_evaluated_on_a_set_it_was_not_trained_on(joint, tmp_path):
    WRITERS["livec"](tmp_path / "livec")
    data = ["data=livec", f"data.root={tmp_path / 'livec'}", "data.allow_missing=true", "data.workers=0"]
    again = _evaluated(tmp_path / "out", joint[0] / "model", *data)
    assert {f"test/{name}" for name in FIGURES} <= set(again)
    assert "test/teacher_srcc" not in again
    whole = _evaluated(tmp_path / "whole", joint[0] / "model", *data, "split.source=test_on_all")
    assert (again["test_n"], whole["test_n"]) == (5, 24)


def test_a_run_that_was_killed_ends_with_the_same_numbers(pairs, tmp_path):
    """A process killed in its second phase, resumed; against one that was left alone."""
    overrides = [
        *(*SMALL, *table_overrides(pairs), "sharing=sequential", "sharing.pair_epochs=2", "trainer.max_epochs=8"),
        *("name=killed", f"cache={tmp_path / 'cache'}"),
    ]
    command = [sys.executable, "-m", "ksiqa.train", *overrides]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _wait_for(lambda: list(tmp_path.glob("outputs/killed/*/checkpoints/student/last.ckpt")), process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (killed,) = (tmp_path / "outputs" / "killed").iterdir()
    assert not (killed / "results.json").exists()
    assert len(_rows(killed / "metrics.csv")) < 10
    (killed.parent / "again").mkdir()  # as Hydra does
    resumed = train(killed.parent / "again", *overrides, "+resume=auto")
    assert not (killed.parent / "again").exists()
    whole = train(tmp_path / "whole", *overrides)
    assert (killed / "results.json").is_file()
    left_out = ("seconds", "repeat")  # the time, and the folder
    assert {k: v for k, v in resumed.items() if k not in left_out} == {
        k: v for k, v in whole.items() if k not in left_out
    }
    _same_weights(killed, tmp_path / "whole")
    assert _rows(killed / "metrics.csv") == _rows(tmp_path / "whole" / "metrics.csv")
    assert (killed / "predictions.csv").read_text() == (tmp_path / "whole" / "predictions.csv").read_text()


def test_nothing_to_resume(joint, pairs):
    folder, _ = joint
    with pytest.raises(
        ConfigError,
        match=r"found: resume=.*, and no unfinished run of this config \(1 folders looked at\)\n",
    ):
        train(folder.parent / "other", *table_overrides(pairs), "sharing=joint", f"+resume={folder}")


def test_the_best_epoch_is_the_one_saved(pairs, tmp_path):
    train(tmp_path / "run", *table_overrides(pairs), "task.select=best", "trainer.max_epochs=3")
    rows = _rows(tmp_path / "run" / "metrics.csv")
    best = max(float(row["validation/srcc"]) for row in rows)
    data = [*table_overrides(pairs), "data.workers=0", "split.validation_share=0.2"]
    model = load_model(tmp_path / "run" / "model")
    config = composed("evaluate", "checkpoint=x", "strategy=cpu", "trainer.enable_progress_bar=false", *data)
    task = QualityTask(student=model.student, teacher=None, units={"table": 4.0})
    trainer = trainers.scoring_trainer(config)
    (scored,) = mix.scored_sets(config, model)
    trainer.validate(task, scored.val_dataloader(), verbose=False)
    assert trainer.callback_metrics["validation/srcc"].item() == pytest.approx(best, abs=1e-6)


def test_frozen_backbones_are_computed_once_and_change_nothing_that_is_tested(pairs, tmp_path):
    frozen = ["backbone.frozen=[cnn]", "data.distinct_crops=2", "report.ridge=true", "sharing=joint"]
    results = train(tmp_path / "run", *table_overrides(pairs), *frozen)
    assert {f"ridge/{name}" for name in FIGURES} <= set(results)
    assert len(list((tmp_path / "cache" / "features").iterdir())) == 4  # three parts, and training as scored
    again = train(tmp_path / "again", *table_overrides(pairs), *frozen)
    assert len(list((tmp_path / "cache" / "features").iterdir())) == 4  # nothing computed anew
    assert again["test/srcc"] == results["test/srcc"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["backbone.frozen=[cnn]"],
            r"found: backbone.frozen=\['cnn'\] with data.distinct_crops=null\nexpected: a numb",
        ),
        (["report.ridge=true"], r"found: report.ridge=true with backbone.frozen=\[\]\nexpected: frozen features"),
        (
            ["task.select=best", "split.validation_share=0"],
            r"found: task.select=best without a validation part\nexpected: images to choose by.*\ndo: set split.valid",
        ),
        (["task.select=first"], r"found: task.select=first\nexpected: one of best, last"),
        (["+sharing.tempo=1"], r"found: sharing.tempo unknown\nexpected: sharing with kind, .*\ndo: correct the name"),
        (["~task.optimiser.lr"], r"found: task.optimiser.lr missing\nexpected: task.optimiser with lr, "),
        (["data.batch_size=0"], r"found: data.batch_size=0\nexpected: 1 or more\ndo: set data.batch_size"),
        (["+trainer.max_epoch=3"], r"found: trainer argument=max_epoch\nexpected: .*\ndo: set .*=max_epochs"),
        (["data.crop=abc"], r"found: data.crop=abc\nexpected: a whole number of 1 or more\ndo: set data.crop=1"),
        (["model.levels=abc"], r"found: model.levels=abc\nexpected: a whole number of 1 or more"),
        (["data.workers=-1"], r"found: data.workers=-1\nexpected: 0 or more"),
        (["+loss.weights.msee=1"], r"found: loss term=msee\n(.|\n)*do: set loss term=mse"),
    ],
)
def test_configs_without_meaning(overrides, message, pairs, tmp_path):
    with pytest.raises(ConfigError, match=message):
        train(tmp_path / "run", *table_overrides(pairs), *overrides)


def test_a_gpu_where_there_is_none(pairs, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)  # whatever this machine has
    with pytest.raises(
        ConfigError, match=r"found: strategy.accelerator=gpu on a machine without(.|\n)*do: set strategy=cpu"
    ):
        train(tmp_path / "run", *table_overrides(pairs), "strategy=gpu")


def test_a_logger_without_its_package(pairs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)  # as where it is not installed
    with pytest.raises(ConfigError, match=r"no package tensorboard\nexpected: .*\ndo: run pip install 'ksiqa\[tensorb"):
        train(tmp_path / "run", *table_overrides(pairs), "logger=tensorboard")


@pytest.mark.parametrize(("may_lose", "fr"), [(2.5, True), (-2.5, False)])
def test_a_teacher_that_lost_too_much_in_the_students_phase_is_not_saved(may_lose, fr, pairs, tmp_path, monkeypatch):
    """Differences of SRCC lie between -2 and 2."""
    monkeypatch.setattr("ksiqa.training.FR_MAY_LOSE", may_lose)
    overrides = ["sharing=sequential", "sharing.pair_epochs=1", *ONE_STEP]
    assert train(tmp_path / "run", *table_overrides(pairs), *overrides)["fr"] is fr
    assert load_model(tmp_path / "run" / "model").fr_source == ("table" if fr else None)


def test_whether_a_teacher_was_kept_cannot_be_told_without_a_validation_part(pairs, tmp_path):
    with pytest.raises(ConfigError, match=r"found: sharing=sequential without a validation part\nexpected: pairs held"):
        train(tmp_path / "run", *table_overrides(pairs), "sharing=sequential", "split.validation_share=0")
    assert not (tmp_path / "run" / "checkpoints").exists()  # seen before training


def test_a_folder_in_use_is_not_trained_in_again(joint, pairs):
    with pytest.raises(
        ConfigError,
        match=r"which holds a run already.*optimiser.lr is 3e-05 there and 0.01 here\n.*\ndo: choose another",
    ):
        train(joint[0], *JOINT, *table_overrides(pairs), "task.optimiser.lr=1e-2")


def test_a_target_without_validation_still_has_pairs_to_see_the_teacher_by(photographs, pristine, tmp_path):
    pairs = ["+data@pairs=folder", f"pairs.root={pristine}", "pairs.families=[jpeg]", "pairs.levels=[1,5]", *PAIR_SPLIT]
    small = ["pairs.crop=32", "pairs.batch_size=4", "pairs.workers=0", "sharing.pair_epochs=1", "sharing=transfer"]
    data = [*table_overrides(photographs, reference=False), "split.validation_share=0.0"]
    assert train(tmp_path / "run", *data, *pairs, *small, *ONE_STEP)["validation_n"] == 0


def test_synthetic_pairs_are_evaluated_as_they_were_made_for_training(pristine, tmp_path):
    data = ["data=folder", f"data.root={pristine}", "data.workers=0", f"cache={tmp_path / 'cache'}"]
    made = ["data.families=[jpeg]", "data.levels=[1,3,5]", "data.size=[64,64]", "data.distortion_seed=7"]
    shares = ["split.validation_share=0.0", "split.test_share=0.4"]
    results = train(tmp_path / "run", *data, *made, *shares, *ONE_STEP)
    again = _evaluated(tmp_path / "again", tmp_path / "run" / "model", *data, *shares)
    assert again["test_n"] == results["test_n"]
    assert again["test/srcc"] == results["test/srcc"]


def test_pairs_beside_a_regime_that_takes_none(pairs, tmp_path):
    """Seen before the pairs are built: their folder is not there."""
    with pytest.raises(ConfigError, match=r"found: sharing=joint with a source of pairs"):
        train(tmp_path / "run", *table_overrides(pairs), "sharing=joint", "+data@pairs=folder", "pairs.root=nowhere")


def test_distillation_follows_features_and_scores(pairs, tmp_path):
    assert composed("train", "sharing=distil", "loss.weights.sharing_score=0.3").loss.weights.sharing_score == 0.3
    train(tmp_path / "run", *table_overrides(pairs), "sharing=distil", "sharing.pair_epochs=1", *ONE_STEP)
    *_, row = _rows(tmp_path / "run" / "metrics.csv")
    assert {f"train/table/student/{term}" for term in ("sharing_decoding", "sharing_score")} <= set(row)


def test_two_sources_of_one_name(pairs, photographs, tmp_path):
    second = [f"pairs.{one.removeprefix('data.')}" for one in table_overrides(pairs)[1:]]
    with pytest.raises(ConfigError, match=r"found: target and pairs that both are table\nexpected: two sources"):
        train(
            tmp_path / "run",
            *(*table_overrides(photographs, reference=False), "sharing=transfer", "+data@pairs=table", *second),
        )


@pytest.mark.parametrize("name", SHIPPED["backbone"])
def test_every_backbone_learns_in_a_step(name):
    """With random weights, on images of two by two tokens."""
    random = ["backbone.vit.weights=random", "backbone.cnn.weights=random"]
    config = composed("train", *SMALL, f"backbone={name}", *random)
    student = build.model(config, sources=["one"]).train()
    side = 2 * student.feature_extraction.cell
    prediction = student(View(torch.rand(2, 3, side, side)), source="one")
    prediction.score.sum().backward()
    learning = [parameter for parameter in student.parameters() if parameter.requires_grad]
    torch.optim.SGD(learning, lr=1e-3).step()
    assert student.feature_extraction.frozen == list(config.backbone.frozen)
    assert any(parameter.grad.abs().sum() > 0 for parameter in learning if parameter.grad is not None)


@pytest.mark.parametrize("name", SHIPPED["loss"])
def test_every_loss_runs(name, pairs, tmp_path):
    train(tmp_path / "run", *table_overrides(pairs), *ONE_STEP, "sharing=joint", f"loss={name}")
    (row,) = _rows(tmp_path / "run" / "metrics.csv")
    weights = composed("train", *table_overrides(pairs), f"loss={name}").loss.weights
    active = {term for term, weight in weights.items() if weight > 0}
    assert {key.rpartition("/")[2] for key in row if key.startswith("train/table/")} == active


@pytest.mark.parametrize("name", SHIPPED["sharing"])
def test_every_sharing_runs_and_says_whether_a_teacher_was_trained(name, pairs, photographs, pristine, tmp_path):
    synthetic = [
        *PAIR_SPLIT,
        *("+data@pairs=folder", f"pairs.root={pristine}", "pairs.families=[jpeg,gaussian_blur]", "pairs.levels=[1,5]"),
        *("pairs.crop=32", "pairs.batch_size=4", "pairs.workers=0", "sharing.pair_epochs=1"),
    ]
    with_pairs = name in ("transfer", "pretrain", "distil")
    data = [*table_overrides(photographs, reference=False), *synthetic] if with_pairs else table_overrides(pairs)
    results = train(tmp_path / "run", *data, *ONE_STEP, f"sharing={name}")
    assert results["sharing"] == name
    if name not in ("transfer", "sequential"):  # these depend on what the teacher lost
        assert results["fr"] is (name == "joint")
    trained = load_model(tmp_path / "run" / "model")
    assert (trained.teacher is not None) is results["fr"]
    assert trained.source == "table"
    assert set(trained.scales) == ({"table", "folder"} if with_pairs else {"table"})


@pytest.mark.parametrize("name", SHIPPED["experiment"])
def test_every_experiment_runs(name, tmp_path):
    """On a tiny copy of the set that it names, in the layout of its release."""
    config = composed("train", f"+experiment={name}")
    assert config.name == name
    data = config.data.source.name
    if data in WRITERS:
        (write_live_labels if data == "live" else WRITERS[data])(tmp_path / data)
        there = [f"data.root={tmp_path / data}", "data.allow_missing=true"]
    else:
        there = ["data.families=[jpeg]", "data.levels=[1,5]", "data.size=[96,96]", "backbone=demo"]
    small = [f"+experiment={name}", *SMALL, *ONE_STEP, *there]
    results = train(tmp_path / "run", *small)
    assert results["data"] == data
    assert results["test_n"] > 0


def test_every_shipped_data_and_model_composes():
    for group in ("data", "model", "strategy", "logger"):
        for file in (conf_folder() / group).glob("*.yaml"):
            if file.stem in ("student", "teacher", "plain") or group != "model":
                assert composed("train", f"{group}={file.stem}")[group] is not None


@pytest.mark.parametrize("ordinal", ["corn", "dorn"])
def test_mixed_precision_trains(ordinal, pairs, tmp_path):
    """As strategy=gpu does, here on the CPU: the weights stay in full precision, the figures are taken in it."""
    overrides = ["strategy.precision=bf16-mixed", "sharing=joint", f"model.ordinal={ordinal}"]
    results = train(tmp_path / "run", *table_overrides(pairs), *ONE_STEP, *overrides)
    assert -1 <= results["test/srcc"] <= 1
    assert {str(value.dtype) for value in load_file(tmp_path / "run" / "model" / "model.safetensors").values()} <= {
        "torch.float32",
        "torch.int64",
    }
