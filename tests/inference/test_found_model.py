import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ksiqa
from ksiqa.errors import HubError, ModelFolderError
from ksiqa.inference.found_model import SHIPPED, model_folder
from ksiqa.inference.model_folder import save_model
from ksiqa.inference.scoring import Scorer
from tests.inference.conftest import NAME, saved


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder, with its model in it."""
    folder = tmp_path_factory.mktemp("run")
    save_model(saved(), folder / "model")
    return folder


def test_a_folder_is_itself_and_a_runs_folder_the_model_in_it(run):
    assert model_folder(run / "model") == run / "model"
    assert model_folder(str(run)) == run / "model"
    assert isinstance(ksiqa.load(run), Scorer)


def test_none_is_the_packages_own(run):
    assert model_folder(None, shipped=run / "model") == run / "model"
    assert Path(ksiqa.__file__).parent / "shipped" == SHIPPED


def test_an_installation_without_a_model_says_so(tmp_path):
    with pytest.raises(
        ModelFolderError,
        match=r"found: an installation of ksiqa without its model\nexpected: a model in .*\ndo: name a model",
    ):
        model_folder(None, shipped=tmp_path)


@pytest.mark.long  # an installation of its own in a process of its own
def test_a_package_with_a_model_opens_it_without_a_name_and_one_of_the_hub_by_it(run, hub, tmp_path):
    """A copy of the package, in a process of its own, which is told of the hub as users tell it."""
    shutil.copytree(Path(ksiqa.__file__).parent, tmp_path / "ksiqa", ignore=shutil.ignore_patterns("shipped"))
    shutil.copytree(run / "model", tmp_path / "ksiqa" / "shipped")
    code = f"import ksiqa; print(ksiqa.__file__, ksiqa.load().batch_size, ksiqa.load('{NAME}@v1').trained.training)"
    told = os.environ | {"PYTHONPATH": str(tmp_path), "HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'ksiqa' / '__init__.py'} 1 {{'seed': 0}}\n"
    assert hub.fetched() == {"config.json", "model.safetensors", "README.md"}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "quality",
            "./nowhere",
            "nowhere/",
            "/nowhere/model",
            "a/b/c",
            "outputs/nowhere",
            "somebody/quality@",
            "-a/b",
        ),
        *("somebody/../quality", "somebody/quality@../../x", "https://hub.example/somebody/quality", "a b/c"),
    ],
)
def test_what_is_neither_is_said_and_no_network_is_asked(name, hub, tmp_path):
    (tmp_path / "outputs").mkdir()
    with pytest.raises(ModelFolderError, match=r"expected: the folder of a model .*, owner/name .*, or shipped: the"):
        model_folder(name)
    assert hub.asked == []


def test_a_folder_comes_before_a_name_of_the_hub(hub, tmp_path):
    save_model(saved(), tmp_path / NAME)
    assert model_folder(NAME) == Path(NAME)
    shutil.rmtree(tmp_path / NAME)
    with pytest.raises(ModelFolderError, match="found: somebody/quality, which is no folder"):
        model_folder(NAME)  # of the owner there is a folder here: a path that is mistyped
    assert hub.asked == []
    shutil.rmtree(tmp_path / "somebody")
    assert (model_folder(Path(NAME)) / "config.json").is_file()


def test_a_file_is_no_model(run):
    with pytest.raises(ModelFolderError, match=r"found: .*, which is a file"):
        model_folder(run / "model" / "config.json")


def test_a_name_that_the_hub_does_not_know_is_said(hub):
    with pytest.raises(HubError, match="found: nobody/quality, of which the hub knows none"):
        ksiqa.load("nobody/quality")
