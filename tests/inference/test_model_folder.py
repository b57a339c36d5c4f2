import json
import re
from dataclasses import replace

import pytest
import torch

from ksiqa.data.views import ScoringViews
from ksiqa.errors import ModelFolderError
from ksiqa.inference.model_folder import load_model, save_model
from ksiqa.inference.scoring import Scorer
from ksiqa.model.plain import Plain
from ksiqa.model.student import Student
from ksiqa.model.teacher import Teacher
from tests.inference.conftest import saved


@pytest.fixture
def folder(student, tmp_path):
    save_model(student, tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("kind", ["student", "teacher", "plain", "plain_matched"])
@pytest.mark.parametrize("ordinal", ["corn", "dorn", "none"])
def test_scores_come_back_bit_by_bit(kind, ordinal, image, tmp_path):
    before = saved(kind=kind, ordinal=ordinal, fr=kind in ("student", "teacher"))
    save_model(before, tmp_path)
    after = load_model(tmp_path)
    reference = image[::-1].copy()
    if kind != "teacher":
        assert Scorer(before).score(image) == Scorer(after).score(image)
    if kind in ("student", "teacher"):
        assert Scorer(before).score(image, reference) == Scorer(after).score(image, reference)
    assert type(after.network) is {"student": Student, "teacher": Teacher}.get(kind, Plain)
    assert not after.network.training


def test_all_but_the_weights_comes_back(student, folder):
    after = load_model(folder)
    for name in ("model", "scales", "source", "fr_source", "short_side", "short_sides", "batch_size", "training"):
        assert getattr(after, name) == getattr(student, name)
    assert after.views == ScoringViews(kind="whole", side=48, grid=1, cell=16)


def test_a_folder_holds_three_files_and_no_path_of_this_machine(student, folder):
    assert sorted(file.name for file in folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    config = json.loads((folder / "config.json").read_text())
    assert config["fr"] is True
    assert all("weights" not in config["backbone"][branch] for branch in ("vit", "cnn"))


def test_quantile_levels_are_saved(tmp_path):
    import numpy as np

    before = saved()
    before.network.regressor.start_from(np.linspace(0, 0.3, 100), source="pairs", bins="quantile")
    save_model(before, tmp_path)
    edges = [one.network.regressor.ordinal.edges("pairs") for one in (before, load_model(tmp_path))]
    assert torch.equal(*edges)


def test_each_branchs_normalisation_is_saved(tmp_path):
    before = saved()
    before.network.feature_extraction.cnn.mean.fill_(0.25)
    save_model(before, tmp_path)
    branches = [one.network.feature_extraction.cnn for one in (before, load_model(tmp_path))]
    assert torch.equal(branches[0].mean, branches[1].mean)
    assert torch.equal(branches[0].std, branches[1].std)


def test_a_branch_that_was_left_out_stays_out(tmp_path, image):
    save_model(saved(backbone={"vit": None}), tmp_path)
    assert load_model(tmp_path).network.feature_extraction.vit is None


def test_the_sizes_of_a_mixs_other_sets_are_saved(student, tmp_path):
    save_model(replace(student, short_sides={"other": 384, "third": None}), tmp_path)
    after = load_model(tmp_path)
    assert [after.short_side_of(name) for name in ("pairs", "other", "third")] == [None, 384, None]


def _edit(folder, **changes):
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def _text(found, expected="", do=""):
    return rf"found: {found}(.|\n)*\nexpected: {expected}(.|\n)*\ndo: {do}"


def test_a_model_that_is_open_does_not_change_with_its_file(image, folder):
    scorer = Scorer(load_model(folder))
    before = scorer.score(image)
    file = folder / "model.safetensors"
    with file.open("r+b") as opened:  # in place, as some tools copy
        opened.write(bytes(file.stat().st_size))
    assert scorer.score(image) == before


def test_no_folder_and_no_weights(folder):
    with pytest.raises(ModelFolderError, match=_text("no config.json in .*nowhere", "a trained model", "name the mod")):
        load_model(folder / "nowhere")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelFolderError, match=_text("no model.safetensors in ")):
        load_model(folder)


def test_a_newer_format(folder):
    _edit(folder, format=99, version="9.9")
    with pytest.raises(
        ModelFolderError,
        match=_text(".*config.json of format 99, written by ksiqa 9.9", "format 1 or older", "upgrade ksiqa"),
    ):
        load_model(folder)


@pytest.mark.parametrize(
    "changes",
    [
        lambda config: {"model": {**config["model"], "width": 64}},
        lambda config: {"model": {**config["model"], "imagery": "conv"}},
        lambda config: {"model": {**config["model"], "kind": "plain"}},
        lambda config: {"scales": {}},
        lambda config: {"views": {"kind": "whole"}},
        lambda config: {"backbone": {"vit": None}},
    ],
)
def test_a_config_that_does_not_match_the_weights(changes, folder):
    _edit(folder, **changes(json.loads((folder / "config.json").read_text())))
    expected = "found: a model folder .* that does not match: (.|\n)*\nexpected: config.json and model.safetensors as"
    with pytest.raises(ModelFolderError, match=expected):
        load_model(folder)


def test_a_config_value_without_meaning(folder):
    config = json.loads((folder / "config.json").read_text())
    _edit(folder, model={**config["model"], "heads": 5})
    with pytest.raises(ModelFolderError, match=re.escape("config.json: model.width=32 with model.heads=5")):
        load_model(folder)


def test_several_students_come_back_bit_by_bit(image, tmp_path):
    before = saved(students=3, backbone={"frozen": ["vit", "cnn"]})
    save_model(before, tmp_path)
    after = load_model(tmp_path)
    assert Scorer(after).score(image).score == Scorer(before).score(image).score
    assert Scorer(after).score(image, image[::-1].copy()) == Scorer(before).score(image, image[::-1].copy())


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_broken_files(name, folder):
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelFolderError, match=_text("a model folder .* that does not match", "", "copy the folder")):
        load_model(folder)


def test_a_model_of_an_earlier_version_is_read_as_it_was(student, tmp_path):
    save_model(student, tmp_path)
    file = tmp_path / "config.json"
    config = json.loads(file.read_text())
    del config["backbone"]["vit"]["shrink"], config["in_doubts"]
    del config["model"]["damage"], config["model"]["damage_weight"], config["model"]["students"]
    file.write_text(json.dumps(config))
    loaded = load_model(tmp_path)
    assert (loaded.backbone["vit"]["shrink"], loaded.in_doubts) == (1, False)
    assert (loaded.model["damage"], loaded.model["damage_weight"]) == ("copies", 0)
