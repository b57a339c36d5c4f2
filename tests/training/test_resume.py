import json

import pytest
from omegaconf import OmegaConf

from ksiqa.errors import ConfigError
from ksiqa.training.resume import differences, known_results
from tests.runs import composed

CHANGED = ("seed=1", "model.fusion=concat", "+new=[1,2]")


@pytest.fixture
def config():
    return composed("train")


@pytest.fixture
def folder(tmp_path, config):
    """A run that was cut off after its first epoch."""
    (tmp_path / "config.yaml").write_text(OmegaConf.to_yaml(config, resolve=True))
    (tmp_path / "checkpoints" / "student").mkdir(parents=True)
    (tmp_path / "checkpoints" / "student" / "last.ckpt").touch()
    return tmp_path


def test_a_run_is_done_when_its_results_are_whole(folder, config):
    assert known_results(config, folder) is None
    text = json.dumps({"test/srcc": 0.5})
    (folder / "results.json").write_text(text[:-3])
    assert known_results(config, folder) is None
    (folder / "results.json").write_text(text)
    assert known_results(config, folder) == {"test/srcc": 0.5}


def test_another_run_is_told_by_the_keys_that_differ(folder):
    other = composed("train", *CHANGED)
    assert differences(other, folder / "config.yaml") == [
        "seed is 0 there and 1 here",
        "model.fusion is add there and concat here",
        "new is nothing there and [1, 2] here",
    ]
    with pytest.raises(ConfigError, match=r"of another config: seed is 0 there and 1 here; model.fusion is"):
        known_results(other, folder)
    assert (folder / "checkpoints" / "student" / "last.ckpt").exists()


def test_results_without_a_config_are_not_written_over(folder, config):
    (folder / "results.json").write_text("{}")
    (folder / "config.yaml").unlink()
    with pytest.raises(ConfigError, match=r"of another config: .* is nothing there and .* and \d+ more\n"):
        known_results(config, folder)


def test_a_run_that_failed_before_training_leaves_its_folder_to_another(folder):
    (folder / "checkpoints" / "student" / "last.ckpt").unlink()
    assert known_results(composed("train", *CHANGED), folder) is None
