"""Runs from a composed config to the folder that they leave behind."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from ksiqa import mix
from ksiqa.errors import ConfigError, DatasetError, NotFiniteError, SplitError
from ksiqa.inference.model_folder import load_model
from ksiqa.task.quality import QualityTask
from ksiqa.training import trainers
from ksiqa.training.phases import most_lost
from tests.fake_iqa import WRITERS
from tests.runs import PAIR_SPLIT, composed, evaluated, killed_and_resumed, rows, table_overrides, train

ONE_STEP = ("+trainer.limit_train_batches=1",)
JOINT = ("sharing=joint", "trainer.max_epochs=2", "name=joint")
FIGURES = ("srcc", "plcc", "plcc_fitted", "krcc", "rmse")


@pytest.fixture(scope="module")
def joint(pairs, tmp_path_factory):
    """A joint training of two epochs."""
    folder = tmp_path_factory.mktemp("outputs") / "joint" / "now"
    return folder, train(folder, *table_overrides(pairs), *JOINT)


def test_a_run_leaves_every_file_behind(joint):
    folder, _ = joint
    for name in ("config.yaml", "metrics.csv", "results.json", "predictions.csv", "scatter.png"):
        assert (folder / name).is_file(), name
    saved = sorted(file.name for file in (folder / "model").iterdir())
    assert saved == ["README.md", "config.json", "model.safetensors"]
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
    table = rows(joint[0] / "metrics.csv")
    assert [(row["phase"], row["epoch"]) for row in table] == [("joint", "0"), ("joint", "1")]
    terms = {"mse", "plcc", "ordinal"}
    for model, more in (("student", {"imagery_cosine", "imagery_smooth_l1", "sharing_decoding"}), ("teacher", set())):
        for term in terms | more:
            assert all(float(row[f"train/table/{model}/{term}"]) >= 0 for row in table), term
    assert {"train/loss", "validation/srcc", "validation/teacher_srcc", "lr/head", "lr/backbone"} <= set(table[0])


def test_predictions_are_the_test_part_with_both_scales(joint):
    folder, results = joint
    table = rows(folder / "predictions.csv")
    assert list(table[0]) == ["image", "reference", "content", "label", "score", "score_raw", "fr_score"]
    assert len(table) == results["test_n"]
    for row in table:
        assert float(row["score_raw"]) == pytest.approx(1 + 4 * float(row["score"]))
        assert float(row["label"]) == 5 - int(row["image"][-5])


@pytest.mark.parametrize("batch_size", [8, 3])  # of training, and another
def test_evaluate_gives_exactly_the_test_numbers_of_training(batch_size, joint, pairs, tmp_path):
    folder, results = joint
    data = [*table_overrides(pairs), "data.workers=0", f"data.batch_size={batch_size}", "split.validation_share=0.2"]
    again = evaluated(tmp_path, folder / "model", *data)
    figures = [name for name in results if name.startswith("test/")]
    assert len(figures) == 12
    assert {name: again[name] for name in figures} == {name: results[name] for name in figures}
    assert (tmp_path / "predictions.csv").read_text() == (folder / "predictions.csv").read_text()


def test_a_model_is_evaluated_on_a_set_it_was_not_trained_on(joint, tmp_path, capsys):
    WRITERS["livec"](tmp_path / "livec")
    data = ["data=livec", f"data.root={tmp_path / 'livec'}", "data.allow_missing=true", "data.workers=0"]
    again = evaluated(tmp_path / "out", joint[0] / "model", *data)
    assert {f"test/{name}" for name in FIGURES} <= set(again)
    assert "test/teacher_srcc" not in again
    whole = evaluated(tmp_path / "whole", joint[0] / "model", *data, "split.source=test_on_all")
    assert (again["test_n"], whole["test_n"]) == (5, 24)
    assert capsys.readouterr().out.count("student, of 5 images ") == 1  # fewer than ten are marked


@pytest.mark.long
def test_a_run_that_was_killed_ends_with_the_same_numbers(pairs, tmp_path):
    """Killed in its second phase."""
    phases = ("sharing=sequential", "sharing.pair_epochs=2", "trainer.max_epochs=5")
    killed_and_resumed(tmp_path, *table_overrides(pairs), *phases, epochs=7)


def test_nothing_to_resume(joint, pairs):
    folder, _ = joint
    with pytest.raises(
        ConfigError,
        match=r"found: resume=.*, and no unfinished run of this config\n",
    ):
        train(folder.parent / "other", *table_overrides(pairs), "sharing=joint", f"+resume={folder}")


def test_the_best_epoch_is_the_one_saved(pairs, tmp_path):
    train(tmp_path / "run", *table_overrides(pairs), "task.select=best", "trainer.max_epochs=3")
    table = rows(tmp_path / "run" / "metrics.csv")
    best = max(float(row["validation/srcc"]) for row in table)
    data = [*table_overrides(pairs), "data.workers=0", "split.validation_share=0.2"]
    model = load_model(tmp_path / "run" / "model")
    config = composed("evaluate", "checkpoint=x", "strategy=cpu", "trainer.enable_progress_bar=false", *data)
    task = QualityTask(student=model.student, teacher=None, units={"table": 4.0})
    trainer = trainers.scoring_trainer(config)
    (scored,) = mix.scored_sets(config, model)
    trainer.validate(task, scored.val_dataloader(), verbose=False)
    assert trainer.callback_metrics["validation/srcc"].item() == pytest.approx(best, abs=1e-6)


def test_an_epoch_without_validation_has_its_checkpoint_and_no_figures_of_another(pairs, tmp_path, capsys):
    more = ["trainer.max_epochs=3", "+trainer.check_val_every_n_epoch=2", "trainer.enable_progress_bar=true", *ONE_STEP]
    train(tmp_path / "run", *table_overrides(pairs), *more)
    table = rows(tmp_path / "run" / "metrics.csv")
    assert [bool(row["validation/srcc"]) for row in table] == [False, True, False]
    assert all(row["train/loss"] for row in table)
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("student ") and "/3, loss" in line]
    assert ["SRCC" in line for line in said] == [False, True, False]
    last = tmp_path / "run" / "checkpoints" / "student" / "last.ckpt"
    assert torch.load(last, weights_only=True)["epoch"] == 2


def test_a_phase_of_no_epochs_has_no_best_one_to_take(pairs, tmp_path):
    overrides = ["sharing=sequential", "sharing.pair_epochs=0", "task.select=best", *ONE_STEP]
    assert train(tmp_path / "run", *table_overrides(pairs), *overrides)["test_n"] == 10
    assert {file.parent.name for file in (tmp_path / "run").glob("checkpoints/*/best.ckpt")} == {"student"}


def test_epochs_none_of_which_was_validated_have_no_best_one(pairs, tmp_path):
    overrides = ["task.select=best", "trainer.max_epochs=1", "+trainer.check_val_every_n_epoch=2"]
    with pytest.raises(ConfigError, match=r"found: task.select=best, and no epoch that was validated\n"):
        train(tmp_path / "run", *table_overrides(pairs), *overrides)


def test_frozen_backbones_are_computed_once_and_change_nothing_that_is_tested(pairs, tmp_path):
    frozen = ["backbone.frozen=[vit,cnn]", "data.distinct_crops=2", "data.token_stride=2", "task.standardise=true"]
    frozen += ["report.ridge=true", "sharing=joint"]
    results = train(tmp_path / "run", *table_overrides(pairs), *frozen)
    assert {f"ridge/{name}" for name in FIGURES} <= set(results)
    kept = sorted((tmp_path / "cache" / "features").rglob("*.bin"))
    assert len({file.parents[1] for file in kept}) == 2  # crops of training, views of scoring
    again = train(tmp_path / "again", *table_overrides(pairs), *frozen)
    assert sorted((tmp_path / "cache" / "features").rglob("*.bin")) == kept  # nothing computed anew
    assert again["test/srcc"] == results["test/srcc"]


def test_on_kept_features_the_test_is_the_same_but_for_rounding(pairs, tmp_path):
    frozen = [*table_overrides(pairs), "backbone.frozen=[vit,cnn]", "data.distinct_crops=1", "sharing=joint"]
    names = {"images": "false", "features": "true"}
    seen, kept = (
        train(tmp_path / name, *frozen, f"report.from_features={value}", f"cache={tmp_path / name / 'cache'}")
        for name, value in names.items()
    )
    assert seen["recipe"] == kept["recipe"]
    found = [list((tmp_path / name / "cache").rglob("distorted/*.json")) for name in names]
    assert len(found[1]) == len(found[0]) + 1  # of the test part
    scores = [[float(row["score"]) for row in rows(tmp_path / name / "predictions.csv")] for name in names]
    assert np.allclose(*scores, atol=2e-3)
    assert not np.array_equal(*scores)  # in half precision: the features were looked at indeed


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["backbone.frozen=[cnn]"],
            r"found: backbone.frozen=\['cnn'\] with data.distinct_crops=null\nexpected: a numb",
        ),
        (
            ["task.patchwork=true", "sharing=joint"],
            r"found: task.patchwork=true with table, whose images have references\nexpected: a target without .*\n"
            r"do: set task.patchwork=false",
        ),
        (
            ["data.token_stride=2", "backbone.frozen=[cnn]", "data.distinct_crops=1"],
            r"found: data.token_stride=2 with backbone.frozen=\['cnn'\]\n.*\ndo: set .*=1, or .*\[cnn,vit\]",
        ),
        (
            ["data.token_stride=2", "backbone.frozen=[vit,cnn]", "data.distinct_crops=1", "model.imagery=conv"],
            r"found: data.token_stride=2 with model.imagery=conv, which .*\n.*\ndo: set .*=1, or another model.imagery",
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
        (["data.crop=abc"], r"found: data.crop=abc\nexpected: a whole number of 16 or more\ndo: set data.crop=16"),
        (["model.levels=abc"], r"found: model.levels=abc\nexpected: a whole number of 1 or more"),
        (["data.workers=-1"], r"found: data.workers=-1\nexpected: 0 or more"),
        (["+loss.weights.msee=1"], r"found: loss term=msee\n(.|\n)*do: set loss term=mse"),
    ],
)
def test_configs_without_meaning(overrides, message, pairs, tmp_path):
    with pytest.raises(ConfigError, match=message):
        train(tmp_path / "run", *table_overrides(pairs), *overrides)
    assert not (tmp_path / "run").exists()  # nothing was learned


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("strategy.compile=fast", "strategy.compile=fast\nexpected: one of default, graphs, none"),
        ("strategy.precision=bf16-mix", "strategy.precision=bf16-mix\n.*\ndo: set strategy.precision=bf16-mixed"),
        ("strategy.precision=bf16-true", "bf16-true\nexpected: one of 16-mixed, 32-true, 64-true, bf16-mixed\ndo: set"),
        ("strategy.precision=16-true", "16-true\nexpected: one of 16-mixed, 32-true, 64-true, bf16-mixed\ndo: set"),
        ("strategy.accelerator=gpus", "strategy.accelerator=gpus\nexpected: one of auto, cpu, cuda, gpu"),
        ("strategy.strategy=dpd", "strategy.strategy=dpd\nexpected: one of auto, ddp, fsdp"),
        ("strategy.devices=abc", "strategy.devices=abc\nexpected: how many processes share the CPU: a number from 1"),
        ("strategy.devices=-1", "strategy.devices=-1\nexpected: how many processes share the CPU"),
        ("strategy.devices=[0]", r"strategy.devices=\[0\]\nexpected: how many processes share the CPU"),
        ("+strategy.num_nodes=two", "strategy.num_nodes=two\nexpected: a whole number"),
        ("task.select=first", "task.select=first\nexpected: one of best, last"),
        ("+trainer.precision=bf16-mixed", r"trainer.precision\nexpected: .*\ndo: set strategy.precision=VALUE"),
        ("+trainer.devices=2", r"trainer.devices\nexpected: .*\ndo: set strategy.devices=VALUE"),
        ("+trainer.num_nodes=2", r"trainer.num_nodes\nexpected: .*\ndo: set \+strategy.num_nodes=VALUE"),
        ("+trainer.callbacks=[]", r"trainer.callbacks\nexpected: .*\ndo: add it to the callback group: \+callback"),
        ("+trainer.logger=false", r"trainer.logger\nexpected: .*\ndo: choose from the logger group: logger=csv"),
        ("+trainer.default_root_dir=x", r"trainer.default_root_dir\nexpected: .*\ndo: set hydra.run.dir=FOLDER"),
        ("+trainer.plugins=[]", r"trainer.plugins\nexpected: .*\ndo: leave it out"),
        ("+trainer.use_distributed_sampler=true", r"trainer.use_distributed_sampler\nexpected: .*\ndo: leave it out"),
        ("+strategy.gradient_clip_val=2", "strategy argument=gradient_clip_val\nexpected: one of accelerator, "),
    ],
)
def test_words_without_meaning_are_refused_before_data_are_read(override, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        train(tmp_path / "run", *table_overrides(tmp_path / "nowhere.csv"), override)


def test_a_start_that_fails_leaves_what_was_there(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    with pytest.raises(DatasetError, match="found: no file"):
        train(tmp_path / "run", *table_overrides(tmp_path / "nowhere.csv"))
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"


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
    monkeypatch.setattr("ksiqa.training.phases.FR_MAY_LOSE", may_lose)
    overrides = ["sharing=sequential", "sharing.pair_epochs=1", *ONE_STEP]
    assert train(tmp_path / "run", *table_overrides(pairs), *overrides)["fr"] is fr
    assert load_model(tmp_path / "run" / "model").fr_source == ("table" if fr else None)


@pytest.mark.parametrize(
    ("srcc", "students", "lost"),
    [([0.9, 0.8, 0.85], 1, 0.05), ([0.9, 0.85, 0.9, 0.7], 2, 0.2), ([0.5, 0.75, 0.5, 0.875], 2, -0.25)],
)
def test_the_teacher_that_lost_most_decides(srcc, students, lost):
    assert most_lost(srcc, students=students) == pytest.approx(lost)


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
    again = evaluated(tmp_path / "again", tmp_path / "run" / "model", *data, *shares)
    assert again["test_n"] == results["test_n"]
    assert again["test/srcc"] == results["test/srcc"]


def test_pairs_beside_a_regime_that_takes_none(pairs, tmp_path):
    """Seen before the pairs are built: their folder is not there."""
    with pytest.raises(ConfigError, match=r"found: sharing=joint with a source of pairs"):
        train(tmp_path / "run", *table_overrides(pairs), "sharing=joint", "+data@pairs=folder", "pairs.root=nowhere")


def test_distillation_follows_features_and_scores(pairs, tmp_path):
    assert composed("train", "sharing=distil", "loss.weights.sharing_score=0.3").loss.weights.sharing_score == 0.3
    train(tmp_path / "run", *table_overrides(pairs), "sharing=distil", "sharing.pair_epochs=1", *ONE_STEP)
    *_, row = rows(tmp_path / "run" / "metrics.csv")
    assert {f"train/table/student/{term}" for term in ("sharing_decoding", "sharing_score")} <= set(row)


def test_two_sources_of_one_name(pairs, photographs, tmp_path):
    second = [f"pairs.{one.removeprefix('data.')}" for one in table_overrides(pairs)[1:]]
    with pytest.raises(ConfigError, match=r"found: target and pairs that both are table\nexpected: two sources"):
        train(
            tmp_path / "run",
            *(*table_overrides(photographs, reference=False), "sharing=transfer", "+data@pairs=table", *second),
        )


def test_a_loss_that_is_no_number_ends_the_run_and_names_the_images(pairs, tmp_path):
    """By an absurd learning rate; no checkpoint is of a later step."""
    absurd = (
        "task.optimiser.lr=1e38",
        "task.optimiser.head_lr=1e38",
        "task.optimiser.warmup=0.9",
        "trainer.max_epochs=3",
    )
    with pytest.raises(NotFiniteError, match=r"step \d+: .*table/student/\w+ = (nan|inf)") as error:
        train(tmp_path / "run", *table_overrides(pairs), *absurd)
    assert len(error.value.found.partition("images: ")[2].split(", ")) == 8
    assert str(pairs.parent) in error.value.found
    step = int(error.value.found.split("step ")[1].split(":")[0])
    last = tmp_path / "run" / "checkpoints" / "student" / "last.ckpt"
    assert not last.exists() or torch.load(last, weights_only=True)["global_step"] <= step
    assert not (tmp_path / "run" / "results.json").exists()


def test_a_run_in_a_thread(pairs, tmp_path):
    """Where no signal can be listened to."""
    with ThreadPoolExecutor(1) as pool:
        results = pool.submit(
            train, tmp_path / "run", *table_overrides(pairs), "+trainer.limit_train_batches=1"
        ).result()
    assert results["test_n"] == 10


def test_a_part_of_a_single_image_is_refused_before_training(photographs, tmp_path):
    """Of six images without contents 20% are one."""
    file = photographs.with_name("six.csv")
    file.write_text("\n".join(photographs.read_text().splitlines()[:7]) + "\n")
    data = table_overrides(file, reference=False)
    with pytest.raises(SplitError, match=r"split random 0 of .*: one image in the test part\nexpected: 2 images"):
        train(tmp_path / "run", *data, "split.validation_share=0")
    with pytest.raises(SplitError, match="one image in the validation part"):
        train(tmp_path / "run", *data, "split.validation_share=0.2", "split.test_share=0.4")
    assert not (tmp_path / "run").exists()
    results = train(tmp_path / "run", *data, "split.validation_share=0", "split.test_share=0.4", *ONE_STEP)
    assert results["test_n"] == 2
    (tmp_path / "one.csv").write_text("\n".join(photographs.read_text().splitlines()[:2]) + "\n")
    given = [*table_overrides(tmp_path / "one.csv", reference=False), f"data.root={photographs.parent}"]
    with pytest.raises(SplitError, match=r"split test_on_all 0 of .*: one image in the test part"):
        evaluated(tmp_path / "on one", tmp_path / "run" / "model", *given, "split.source=test_on_all")
