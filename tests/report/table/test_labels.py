"""Names of rows."""

import pytest

from ksiqa.errors import ConfigError
from ksiqa.report.table.groups import grouped
from ksiqa.report.table.runs import read_runs
from tests.report.table.conftest import groups_of


def test_a_row_alone_is_named_by_its_model(write, tmp_path):
    write(sharing="joint", config={"lr": 1.0})
    assert [group.name for group in groups_of(tmp_path)] == ["student, joint"]


def test_the_fewest_settings_that_tell_all_apart(write, tmp_path):
    for place, (kind, lr) in enumerate((("a", 1), ("a", 2), ("b", 1), ("b", 2))):
        write(noise=0.1 * place, config={"model": {"kind": kind, "also": kind}, "task": {"optimiser": {"lr": lr}}})
    names = [group.name for group in groups_of(tmp_path)]
    assert names == [f"model.also={kind}, task.optimiser.lr={lr}" for kind in "ab" for lr in (1, 2)]


def test_a_variant_names_a_recipe_before_what_it_changes(write, tmp_path):
    for variant in ("plain", "joint"):
        write(config={"aaa": variant, "data": {"root": variant}, "variant": variant})
    assert [group.name for group in groups_of(tmp_path)] == ["joint", "plain"]


def test_settings_that_differ_between_sets_alone_name_nothing(write, tmp_path):
    for data in ("koniq10k", "livec"):
        write(data=data, config={"data": {"crop": len(data)}, "variant": "joint"})
    assert [group.name for group in groups_of(tmp_path)] == ["joint", "joint"]


def test_names_that_one_asks_for(ten):
    runs = read_runs([ten]).runs
    assert [group.name for group in grouped(runs, keys=["noise"])] == ["noise=0.15", "noise=0.35"]
    same = [group.name for group in grouped(runs, keys=["name"])]  # does not tell them apart: the recipe does
    assert len(set(same)) == 2
    assert all(name.startswith("made (") for name in same)
    with pytest.raises(ConfigError, match=r"found: --label nose\nexpected: a setting of the runs, such as name, noise"):
        grouped(runs, keys=["nose"])


def test_a_path_in_a_name_is_its_file(write, tmp_path):
    for place, file in enumerate(("weights/far/a.safetensors", "/data/b.pth")):
        write(noise=0.1 * place, config={"start": file})
    names = [group.name for group in groups_of(tmp_path)]
    assert names == [f"start={file}" for file in ("a.safetensors", "b.pth")]


def test_names_of_recipes_stand_first(write, tmp_path):
    """A model tuned for longer is known by its name, whatever else parts more rows."""
    for epochs, (name, lr) in enumerate((("train", 1), ("train", 2), ("finetune", 1))):
        write(config={"name": name, "lr": lr, "trainer": {"max_epochs": epochs}})
    names = [group.name for group in groups_of(tmp_path)]
    assert names == ["finetune, lr=1", "train, lr=1", "train, lr=2"]


def test_an_evaluation_says_that_it_is_one(write, tmp_path):
    run = write(noise=0.4, config={"name": "demo"})
    for checkpoint in (str(run / "model"), "shipped", "owner/name", "/elsewhere/tuned/model"):
        folder = write(checkpoint=checkpoint, experiment="evaluate", recipe=f"of {checkpoint}")
        (folder / "config.yaml").unlink()
    assert [group.name for group in groups_of(tmp_path)] == [
        "demo",
        "demo, evaluated",
        "owner/name, evaluated",
        "shipped, evaluated",
        "tuned, evaluated",
    ]


def test_an_evaluation_may_round_otherwise_than_the_training_that_it_repeats(write, tmp_path):
    """One on kept features, in half precision: both have a row, and none is refused."""
    changes = {"test/rmse": 11.0131}
    run = write(config={"name": "demo"}, recipe="one", from_features=True)
    folder = write(checkpoint=str(run / "model"), experiment="evaluate", recipe="one", **changes)
    (folder / "config.yaml").unlink()
    assert [group.name for group in groups_of(tmp_path)] == ["student", "student, evaluated"]
