"""Every shipped config composes, and runs one step where it can."""

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.errors import ConfigCompositionException
from safetensors.torch import load_file

from ksiqa import build
from ksiqa.batch import View
from ksiqa.inference.model_folder import load_model
from ksiqa.names import conf_folder
from tests.fake_iqa import WRITERS
from tests.fake_iqa.live import write_live_labels
from tests.runs import PAIR_SPLIT, SMALL, composed, rows, table_overrides, train

ONE_STEP = ("+trainer.limit_train_batches=1",)
SHIPPED = {
    group: sorted(file.stem for file in (conf_folder() / group).glob("*.yaml"))
    for group in ("backbone", "experiment", "loss", "sharing")
}


@pytest.mark.parametrize("name", SHIPPED["experiment"])
def test_what_the_tests_compose_in_two_steps_is_what_hydra_composes(name):
    told = [*SMALL, f"+experiment={name}", "~loss.weights.mse", "+trainer.limit_train_batches=1", "data.crop=64"]
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        expected = compose("train", told)
    assert composed("train", *told) == expected


def test_what_the_tests_compose_takes_no_key_that_is_not_there():
    with pytest.raises(ConfigCompositionException, match=r"Could not override 'data\.croop'"):
        composed("train", "data.croop=64")


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
    (row,) = rows(tmp_path / "run" / "metrics.csv")
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


@pytest.mark.parametrize("name", sorted({*SHIPPED["experiment"]} - {"finetune"}))  # which wants a model: test_initial
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
