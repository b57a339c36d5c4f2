"""Going on from a trained model."""

import json
import signal
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from ksiqa.build import plain
from ksiqa.errors import ConfigError, ModelFolderError
from ksiqa.inference.model_folder import load_model
from ksiqa.recipe import fingerprint
from ksiqa.training.initial import take_over
from ksiqa.training.run import run
from ksiqa.training.settle import settled
from tests.runs import APART, PAIR_SPLIT, SMALL, composed, ended, evaluated, rows, same_weights, table_overrides, train

MINE = ("data.low=0", "data.high=50", "data.higher_is_better=false")
FAST = ("trainer.max_epochs=2", "trainer.enable_progress_bar=false", "data.batch_size=8", "data.distinct_crops=2")


@pytest.fixture(scope="module")
def initial(pairs, tmp_path_factory):
    """A run of a teacher and a student on pairs, not of the sizes that configs have by themselves."""
    folder = tmp_path_factory.mktemp("initial") / "run"
    train(folder, *table_overrides(pairs), "sharing=joint", "data.short_side=60", "trainer.max_epochs=2")
    return folder


@pytest.fixture(scope="module")
def mine(photographs, tmp_path_factory):
    """Scores of other photographs on another scale, in columns of other names."""
    folder = tmp_path_factory.mktemp("mine")
    lines = [f"{row['image']},{50 - 10 * float(row['score'])}" for row in rows(photographs)]
    (folder / "mine.csv").write_text("\n".join(["photo,opinion", *lines]) + "\n")
    columns = ["data.image=photo", "data.score=opinion"]
    return [f"data.file={folder / 'mine.csv'}", f"data.root={photographs.parent}", *MINE, *columns]


def _command(initial, mine, tmp_path, *overrides):
    told = ["+experiment=finetune", f"init={initial / 'model'}", f"cache={tmp_path / 'cache'}"]
    return [*told, *mine, *FAST, *overrides]


@pytest.fixture(scope="module")
def tuned(initial, mine, tmp_path_factory):
    """The command, in a process of its own, with values that are the model's: they may be repeated."""
    folder = tmp_path_factory.mktemp("tuned")
    told = _command(initial, mine, folder, "model.width=32", f"hydra.run.dir={folder / 'run'}")
    subprocess.run([sys.executable, "-m", "ksiqa.train", *told], check=True, capture_output=True, cwd=folder)
    return folder / "run"


def test_architecture_weights_and_views_are_the_models(initial, tuned):
    before, after = (load_model(one / "model") for one in (initial, tuned))
    assert after.model == before.model
    assert after.backbone == {**before.backbone, "frozen": ["vit", "cnn"]}
    assert (after.views, after.short_side) == (before.views, before.short_side) == (before.views, 60)
    states = [load_file(one / "model" / "model.safetensors") for one in (initial, tuned)]
    of_branches = [name for name in states[0] if ".vit.network." in name or ".cnn.network." in name]
    assert len(of_branches) > 20
    assert all(torch.equal(states[0][name], states[1][name]) for name in of_branches)  # frozen
    learned = [name for name in states[0] if name.startswith(("decoder.", "imagery.")) and states[0][name].numel() > 9]
    assert all((states[0][name] - states[1][name]).abs().max() < 0.01 for name in learned)  # two epochs from there
    assert any(not torch.equal(states[0][name], states[1][name]) for name in learned)


def test_scores_are_on_the_users_scale_alone(tuned):
    model = load_model(tuned / "model")
    assert list(model.scales) == ["table"]
    scale = model.scales["table"]
    assert (scale.low, scale.high, scale.higher_is_better) == (0, 50, False)
    assert model.fr_source is None  # nothing kept the teacher in step


def test_results_and_model_say_where_they_started(initial, tuned):
    results = json.loads((tuned / "results.json").read_text())
    training = load_model(tuned / "model").training
    assert (training["init"], training["init_recipe"]) == (
        results["init"],
        load_model(initial / "model").training["recipe"],
    )
    assert len(results["init"]) == 64
    assert results["init_saw_test"] == 0
    assert results["init_saw_validation"] == 0
    before = set(load_model(initial / "model").training["images_seen"].split())
    assert before < set(training["images_seen"].split())
    assert len(before) == 40


@pytest.mark.long  # two processes; tests/test_sweep.py repeats a run of its own weights
def test_the_config_of_a_run_repeats_it(tuned, tmp_path):
    told = ["--config-dir", str(tuned), "--config-name", "repeat", f"hydra.run.dir={tmp_path / 'run'}"]
    subprocess.run([sys.executable, "-m", "ksiqa.train", *told], check=True, capture_output=True, cwd=tmp_path)
    same_weights(tuned, tmp_path / "run")
    found = [json.loads((one / "results.json").read_text()) for one in (tuned, tmp_path / "run")]
    assert {**found[0], **APART} == {**found[1], **APART}


def test_a_recipe_knows_the_weights_and_not_where_they_lie(initial, mine, tmp_path):
    (tmp_path / "elsewhere").symlink_to(initial)
    configs = [settled(composed("train", *_command(one, mine, tmp_path))) for one in (initial, tmp_path / "elsewhere")]
    assert configs[0].init.folder != configs[1].init.folder
    assert fingerprint(plain(configs[0])) == fingerprint(plain(configs[1]))
    assert settled(configs[0]) == configs[0]
    without = settled(composed("train", "backbone=tiny", "data=table", *mine))
    assert "init" not in without


def test_other_weights_in_the_same_place_are_refused(initial, mine, tmp_path):
    config = settled(composed("train", *_command(initial, mine, tmp_path)))
    config.init.weights = "0" * 64
    with pytest.raises(
        ConfigError, match=r"found: init=.* with other weights than the run began with\nexpected: .* 000"
    ):
        settled(config)


@pytest.mark.long
def test_a_run_that_was_stopped_goes_on(initial, mine, tmp_path):
    told = _command(initial, mine, tmp_path, "trainer.max_epochs=60")
    stopped = ended(tmp_path, *told, by=signal.SIGKILL, at="checkpoints/student/last.ckpt")
    done = len(rows(stopped / "metrics.csv"))
    assert done < 60
    (stopped.parent / "again").mkdir()
    run(composed("train", *told, "+resume=auto"), stopped.parent / "again")
    run(composed("train", *told), tmp_path / "whole")
    same_weights(stopped, tmp_path / "whole")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            "model.width=64",
            r"found: model.width=64 with init=.*\nexpected: what that model has \(32\)\ndo: leave model.w",
        ),
        ("model=teacher", r"do: leave model out: architecture and weights come with init"),
        ("backbone.cnn=null", r"found: backbone.cnn.name=None with init="),
        ("backbone.vit.weights=hub", r"found: backbone.vit.weights=hub with init=.*\nexpected: .*weights of its own"),
    ],
)
def test_what_contradicts_the_model_is_refused(asked, message, initial, mine, tmp_path):
    config = composed("train", *_command(initial, mine, tmp_path, asked))
    with pytest.raises(ConfigError, match=message):
        take_over(config, asked=[asked.partition("=")[0]])


@pytest.mark.long  # a process more
def test_so_it_is_on_the_command_line(initial, mine, tmp_path):
    told = [sys.executable, "-m", "ksiqa.train", *_command(initial, mine, tmp_path, "model.heads=8")]
    ended = subprocess.run(told, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 2
    assert "found: model.heads=8 with init=" in ended.stderr


def test_a_variant_that_contradicts_it(initial, mine, tmp_path):
    ladder = ["+sweep=ablation", "variant=vit_alone"]
    with pytest.raises(ConfigError, match=r"found: backbone.cnn.name=None with init="):
        settled(composed("train", *_command(initial, mine, tmp_path), *ladder))


@pytest.mark.parametrize(
    ("overrides", "error", "message"),
    [
        (["+experiment=finetune"], ConfigError, "found: experiment=finetune without init\nexpected: a trained model"),
        (["init=nowhere"], ModelFolderError, "found: nowhere, which is no folder"),
    ],
)
def test_no_model_to_go_on_from(overrides, error, message):
    with pytest.raises(error, match=message):
        settled(composed("train", *overrides))


def test_a_second_teacher(initial, mine, tmp_path):
    with pytest.raises(ConfigError, match="found: sharing=distil with init"):
        settled(composed("train", *_command(initial, mine, tmp_path, "sharing=distil")))


def test_any_experiment_goes_on_from_a_model(initial, photographs, pairs, tmp_path, capsys):
    """Here with all weights learning, and with images that the model had been trained on in the parts of validation and
    test: intervals know nothing of the former's errors."""
    told = [
        *SMALL,
        f"init={initial / 'model'}",
        f"cache={tmp_path / 'cache'}",
        *table_overrides(pairs),
        "model.width=256",
    ]
    config = composed("train", *told, "sharing=joint", "split.index=1", "task.select=best")
    results = run(config, tmp_path / "run")
    assert results["fr"] is True
    assert 0 < results["init_saw_test"] <= results["test_n"]
    seen, model = results["init_saw_validation"], load_model(tmp_path / "run" / "model")
    assert 0 < seen <= results["validation_n"]
    for errors in (model.residuals.get(name, {}).get("table", []) for name in ("student", "teacher")):
        assert len(errors) == results["validation_n"] - seen
    said = capsys.readouterr().out
    assert f"task.select=best: chooses by {seen} validation images that init has learned from" in said
    assert f"{seen} validation images were trained on before: they are left out of the intervals" in said
    assert load_model(tmp_path / "run" / "model").model["width"] == 32  # of SMALL, over which 256 was not asked for


def test_the_teacher_stays_where_pairs_are_rehearsed(initial, mine, pristine, tmp_path):
    pairs = ["+data@pairs=folder", f"pairs.root={pristine}", "pairs.families=[jpeg]", "pairs.levels=[1,5]", *PAIR_SPLIT]
    few = ["pairs.crop=32", "pairs.batch_size=4", "pairs.workers=0", "pairs.distinct_crops=1", "sharing.pair_epochs=0"]
    told = _command(initial, mine, tmp_path, "sharing=transfer", *pairs, *few, "trainer.max_epochs=1")
    results = run(composed("train", *told, "+trainer.limit_train_batches=1"), tmp_path / "run")
    assert results["fr"] is True
    assert list(load_model(tmp_path / "run" / "model").scales) == ["table", "folder"]


def test_a_model_is_evaluated_on_ones_own_table(initial, mine, pairs, tmp_path, capsys):
    whole = ["data=table", "split.source=test_on_all", "data.workers=0"]
    results = evaluated(tmp_path / "mine", initial / "model", *whole, *mine)
    assert results["test_n"] == 50
    assert {f"test/{name}" for name in ("srcc", "plcc", "plcc_fitted", "krcc", "rmse")} <= set(results)
    assert results["saw_test"] == 0
    assert "trained on before" not in capsys.readouterr().out
    results = evaluated(tmp_path / "pairs", initial / "model", *whole, *table_overrides(pairs)[1:])
    assert results["saw_test"] == 40
    assert "40 of these images were trained on before" in capsys.readouterr().out
    assert "images_seen" not in results["trained"]
