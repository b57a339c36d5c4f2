import json

import pytest
from huggingface_hub import constants

import ksiqa
from ksiqa.errors import ConfigError, HubError, ModelFolderError, StorageError
from ksiqa.inference.model_folder import save_model
from ksiqa.inference.scoring import Scorer
from tests.inference.conftest import NAME

FILES = ["README.md", "config.json", "model.safetensors"]


def _names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_save_writes_what_training_writes(student, image, tmp_path):
    save_model(student, tmp_path / "trained")
    Scorer(student).save(tmp_path / "saved" / "deep")
    assert _names(tmp_path / "saved" / "deep") == FILES
    for name in FILES:
        assert (tmp_path / "saved" / "deep" / name).read_bytes() == (tmp_path / "trained" / name).read_bytes()
    again = ksiqa.load(tmp_path / "saved" / "deep")
    assert again.score(image) == Scorer(student).score(image)


def test_the_mixin_saves_and_opens_the_same_folder(student, image, tmp_path):
    Scorer(student).save(tmp_path / "saved")
    (tmp_path / "pretrained").mkdir()
    (tmp_path / "pretrained" / "README.md").write_text("another model's card")
    Scorer(student).save_pretrained(tmp_path / "pretrained")
    for name in FILES:
        assert (tmp_path / "saved" / name).read_bytes() == (tmp_path / "pretrained" / name).read_bytes()
    assert ksiqa.Scorer.from_pretrained(tmp_path / "pretrained").score(image) == Scorer(student).score(image)


def test_a_licence_is_kept_with_the_model(student, tmp_path):
    Scorer(student).save(tmp_path / "one", licence="cc-by-4.0")
    ksiqa.load(tmp_path / "one").save(tmp_path / "two")
    for name in ("one", "two"):
        assert "\nlicense: cc-by-4.0\n" in (tmp_path / name / "README.md").read_text()
    assert "licence" not in student.training
    Scorer(student).save_pretrained(tmp_path / "three", model_card_kwargs={"licence": "mit"})
    assert "\nlicense: mit\n" in (tmp_path / "three" / "README.md").read_text()


def test_a_folder_that_cannot_be_made_is_said(student, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Not a directory"):
        Scorer(student).save(tmp_path / "file" / "model")


def test_what_a_scorer_is_made_of_is_not_copied(student):
    assert Scorer(student).trained.network is student.network
    assert Scorer(student)._hub_mixin_config is None


def test_from_pretrained_takes_no_setting_from_a_strangers_config(hub):
    """The mixin's own would: batch_size is a key of config.json and a setting of a scorer."""
    assert json.loads(hub.models[NAME]["main"]["config.json"])["batch_size"] == 8
    assert ksiqa.Scorer.from_pretrained(NAME).batch_size == 1
    assert ksiqa.Scorer.from_pretrained(NAME, revision="v1", batch_size=2).batch_size == 2
    hub.models[NAME]["main"]["config.json"] = b"[" * 100_000
    with pytest.raises(ModelFolderError):
        ksiqa.Scorer.from_pretrained(NAME)


@pytest.mark.parametrize("name", ["no name", "a/b/c", "../x", ""])
def test_from_pretrained_with_what_is_no_name(name, hub):
    with pytest.raises((HubError, ModelFolderError)):
        ksiqa.Scorer.from_pretrained(name)


def test_a_model_goes_to_the_hub_and_comes_back(hub, student, image):
    address = Scorer(student).push_to_hub("me/mine", token="hf_mayWrite", model_card_kwargs={"licence": "mit"})
    assert address.startswith(f"{hub.address}/me/mine/commit/")
    assert sorted(hub.models["me/mine"]["main"]) == FILES
    assert b"\nlicense: mit\n" in hub.models["me/mine"]["main"]["README.md"]
    assert ksiqa.Scorer.from_pretrained("me/mine").score(image) == Scorer(student).score(image)


@pytest.mark.parametrize(
    ("name", "token"), [("me/mine", "hf_mayNot"), ("me/mine", None), ("no name", "hf_mayWrite")], ids=str
)
def test_what_may_not_be_put_there_is_said(name, token, hub, student):
    with pytest.raises(HubError, match=f"found: {name}, which could not be put on the hub"):
        Scorer(student).push_to_hub(name, token=token)
    assert list(hub.models) == [NAME]


def test_without_a_network_nothing_is_put_there(hub, student, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubError, match=r"me/mine, which could not be put on the hub \(ConnectError"):
        Scorer(student).push_to_hub("me/mine", token="hf_mayWrite")


def test_half_precision_halves_the_file_and_hardly_moves_a_score(student, image, tmp_path):
    scorer = Scorer(student)
    scorer.save(tmp_path / "whole")
    scorer.save(tmp_path / "half", dtype="float16")
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("whole", "half")]
    assert sizes[1] < 0.6 * sizes[0]
    told = [(tmp_path / name / "README.md").read_text() for name in ("whole", "half")]
    assert f"{sizes[0] / 2**20:.1f} MiB" in told[0]
    assert f"{sizes[1] / 2**20:.1f} MiB" in told[1]
    scores = [ksiqa.load(tmp_path / name).score(image).score for name in ("whole", "half")]
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)
    assert scores[0] != scores[1]
    with pytest.raises(ConfigError, match="found: dtype=int4"):
        scorer.save(tmp_path / "other", dtype="int4")
