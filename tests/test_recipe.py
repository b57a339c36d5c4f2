"""Which runs are one row of a table."""

import yaml

from ksiqa import build
from ksiqa.recipe import fingerprint, flat, recipe
from tests.runs import composed, table_overrides, train
from tests.tiny import write_table

CONFIG = {"seed": 0, "split": {"index": 0, "seed": 0, "source": "random"}, "lr": 3e-5, "blocks": [1, 2], "none": {}}


def test_keys_are_dotted_and_lists_stay():
    assert flat({"a": {"b": {"c": 1}, "d": [1, {"e": 2}]}, "f": {}, "g": None}) == {
        "a.b.c": 1,
        "a.d": [1, {"e": 2}],
        "f": {},
        "g": None,
    }


def test_split_and_seed_are_no_part_of_a_recipe_all_else_is():
    same = {**CONFIG, "seed": 5, "split": {**CONFIG["split"], "index": 3}}
    assert fingerprint(same) == fingerprint(CONFIG)
    assert set(recipe(CONFIG)) == {"split.seed", "split.source", "lr", "blocks", "none"}
    for change in (
        {"lr": 3e-4},
        {"blocks": [2, 1]},
        {"none": None},
        {"split": {**CONFIG["split"], "seed": 1}},
        {"new": 1},
    ):
        assert fingerprint({**CONFIG, **change}) != fingerprint(CONFIG), change


def test_where_a_run_was_trained_is_no_part_of_its_recipe():
    """Nor how its images were read; which weights and which images is."""
    there = {
        **{"cache": "/a", "logger": {"csv": None}, "trainer": {"enable_progress_bar": True, "max_epochs": 3}},
        "data": {"workers": 4, "keep_in_memory": False, "source": {"root": "/a/ChallengeDB_release", "cache": "/a"}},
        "backbone": {"vit": {"weights": "/a/small.safetensors"}},
    }
    here = {
        **{"cache": "/b", "logger": {}, "trainer": {"enable_progress_bar": False, "max_epochs": 3}},
        "data": {"workers": 0, "keep_in_memory": True, "source": {"root": "/b/ChallengeDB_release", "cache": "/b"}},
        "backbone": {"vit": {"weights": "/b/small.safetensors"}},
    }
    assert fingerprint(here) == fingerprint(there)
    for change in (
        {"backbone": {"vit": {"weights": "/a/base.safetensors"}}},
        {"data": {**there["data"], "source": {"root": "/a/other", "cache": "/a"}}},
        {"trainer": {"max_epochs": 4}},
    ):
        assert fingerprint({**there, **change}) != fingerprint(there), change


def test_keys_that_came_later_change_no_recipe_that_was_before():
    before = {"model": {"damage_weight": 0, "width": 4}, "sharing": {"kind": "none"}}
    same = {"model": {**before["model"], "damage": "scores"}, "sharing": {"kind": "none", "student_share": 1.0}}
    assert fingerprint(same) == fingerprint(before)
    weighed = {"damage_weight": 0.1, "width": 4}
    for change in (
        {"sharing": {"kind": "none", "student_share": 0.0}},
        {"model": {**weighed, "damage": "scores"}},
        {"model": {**weighed, "damage": "copies"}},
    ):
        assert fingerprint({**before, **change}) not in (fingerprint(before), fingerprint({**before, "model": weighed}))


def test_the_order_of_keys_does_not_matter():
    assert fingerprint(dict(reversed(CONFIG.items()))) == fingerprint(CONFIG)


def test_the_config_file_of_a_run_has_the_recipe_that_its_results_name(tmp_path):
    data = table_overrides(write_table(tmp_path / "images", contents=5))
    results = train(tmp_path / "run", *data, "seed=3", "+trainer.limit_train_batches=1")
    assert results["recipe"] == fingerprint(yaml.safe_load((tmp_path / "run" / "config.yaml").read_text()))
    other = composed("train", "+experiment=livec", "seed=1", "split.index=4", "task.optimiser.lr=1e-6")
    again = composed("train", "+experiment=livec", "task.optimiser.lr=1e-6")
    assert fingerprint(build.plain(other)) == fingerprint(build.plain(again))
