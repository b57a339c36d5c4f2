import json
import time

import pytest
from huggingface_hub import constants

from ksiqa.errors import HubError, ModelFolderError
from ksiqa.inference.found_model import model_folder
from ksiqa.inference.hub_download import downloaded
from ksiqa.inference.model_folder import load_model
from tests.inference.conftest import NAME
from tests.local_hub import commit_of


def test_two_files_and_the_card_are_fetched_and_nothing_else(hub, files):
    folder = model_folder(NAME)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        name: files[name] for name in ("config.json", "model.safetensors", "README.md")
    }
    assert hub.fetched() == {"config.json", "model.safetensors", "README.md"}
    assert load_model(folder).training == {"seed": 0}


def test_a_revision_is_a_branch_or_a_commit(hub):
    assert (model_folder(f"{NAME}@v1") / "README.md").read_bytes() == b"older"
    assert (model_folder(f"{NAME}@{commit_of(hub.models[NAME]['v1'])}") / "README.md").read_bytes() == b"older"
    assert (model_folder(NAME) / "README.md").read_bytes() != b"older"
    with pytest.raises(HubError, match=r"of which the hub knows none at v9 \(RevisionNotFoundError\)"):
        model_folder(f"{NAME}@v9")


def test_what_was_fetched_serves_where_the_hub_does_not_answer(hub, monkeypatch):
    before = model_folder(NAME)
    hub.status = 503
    assert model_folder(NAME) == before
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.asked.clear()
    assert model_folder(NAME) == before
    assert downloaded(NAME, local_files_only=True) == before
    assert hub.asked == []


def test_a_change_on_the_hub_is_fetched(hub):
    first = model_folder(NAME)
    hub.models[NAME]["main"]["README.md"] = b"newer"
    second = model_folder(NAME)
    assert (second / "README.md").read_bytes() == b"newer"
    assert second != first
    assert (second / "model.safetensors").is_file()


@pytest.mark.parametrize("status", [500, 503])
def test_a_hub_in_trouble_and_nothing_cached_is_said_at_once(status, hub):
    hub.status = status
    _refused("which is not in the cache, and no answer from the hub")
    assert len(hub.asked) == 1  # and is not asked again


def test_no_hub_at_all_is_said_at_once(hub, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    _refused(r"not in the cache, and no answer from the hub \(ConnectError\)\nexpected: a connection to the hub")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    _refused(r"not in the cache, and no answer from the hub \(OfflineModeIsEnabled\)")


def _refused(text):
    started = time.monotonic()
    with pytest.raises(HubError, match=text):
        model_folder(NAME)
    assert time.monotonic() - started < 20  # of retries there would be minutes


def test_no_such_model_and_no_right_to_it(hub):
    with pytest.raises(HubError, match=r"somebody/else, of which the hub knows none \(RepositoryNotFoundError\)"):
        model_folder("somebody/else")
    hub.status = 403
    with pytest.raises(HubError, match="found: somebody/quality, which could not be fetched"):
        model_folder(NAME)


def test_another_librarys_model(hub):
    del hub.models[NAME]["main"]["config.json"]
    with pytest.raises(HubError, match=r"found: somebody/quality on the hub, without config.json or model.safetensors"):
        model_folder(NAME)


def test_a_model_of_a_stranger_is_read_as_strictly_as_a_folder(hub):
    config = json.loads(hub.models[NAME]["main"]["config.json"])
    hub.models[NAME]["main"]["config.json"] = json.dumps({**config, "_target_": "os.system"}).encode()
    with pytest.raises(ModelFolderError, match="a key _target_"):
        load_model(model_folder(NAME))


def test_a_model_without_a_card_is_a_model(hub):
    del hub.models[NAME]["main"]["README.md"]
    assert load_model(model_folder(NAME)).training == {"seed": 0}
