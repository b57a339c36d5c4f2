"""Model folders, weights and checkpoints of strangers: read as data or refused, and never run."""

import shutil

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from safetensors.torch import load_file, save_file

from ksiqa.callback.own_files import OwnFiles
from ksiqa.callback.within_epoch import WithinEpoch
from ksiqa.errors import CheckpointError, ModelFolderError, WeightsError
from ksiqa.inference.model_folder import load_model
from ksiqa.prediction.show import show
from ksiqa.training.phases import newest_checkpoint
from ksiqa.weights import create_network, load_weights
from tests.attacks import made
from tests.attacks.made import refused, set_value
from tests.runs import evaluated, table_overrides, train


def test_a_sound_folder_loads(folder):
    load_model(folder)


@pytest.mark.parametrize("kind", ["pickle", "checkpoint"])
@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_pickle_in_a_model_folder_is_not_opened(kind, name, folder, tmp_path):
    mark = tmp_path / "ran"
    content = made.bare_pickle(mark) if kind == "pickle" else made.checkpoint(mark, tmp_path / "made")
    (folder / name).write_bytes(content)
    refused(folder)
    assert not mark.exists()
    made.unpickled(content, tmp_path)  # the attack is a real one
    assert mark.is_dir()


ONE = {"a": made.claimed([2], [0, 8])}
HEADERS = {
    "empty": b"",
    "longer than any file": made.header(ONE, length=2**60),
    "longer than this file": made.header(ONE, length=10**6),
    "of 5 MiB": made.header({"__metadata__": {"a": "x" * 5 * 2**20}, **ONE}, content=bytes(8)),
    "no JSON": made.header(ONE, content=bytes(8)).replace(b"{", b"[", 1),
    "beyond the file": made.header({"a": made.claimed([2**40], [0, 2**42])}, content=bytes(8)),
    "shape that overflows": made.header({"a": made.claimed([2**62, 2**62], [0, 8])}, content=bytes(8)),
    "negative": made.header({"a": made.claimed([-2], [-8, 0])}, content=bytes(8)),
    "overlapping": made.header({**ONE, "b": made.claimed([2], [4, 12])}, content=bytes(12)),
    "shape that is not its bytes": made.header({"a": made.claimed([99], [0, 8])}, content=bytes(8)),
    "path as a name": made.header({"../../x": made.claimed([2], [0, 8])}, content=bytes(8)),
}


@pytest.mark.parametrize("content", HEADERS.values(), ids=HEADERS)
def test_a_header_that_lies_is_refused(content, folder):
    (folder / "model.safetensors").write_bytes(content)
    refused(folder)


def _without(state, name):
    del state[name]


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda state, name: _without(state, name), "lacks 1 of"),
        (lambda state, name: state.update(more=torch.zeros(1)), "has 1 others"),
        (lambda state, name: state.update({name: torch.zeros(1)}), "1 of another shape"),
        (lambda state, name: state.update({name: state[name].double()}), "1 of another type"),
        (lambda state, name: state.update({name: state[name].to(torch.complex64)}), "1 of another type"),
    ],
)
def test_tensors_that_are_not_the_configs_are_refused(spoil, found, folder):
    file = folder / "model.safetensors"
    state = load_file(file)
    spoil(state, "regressor.quality.0.weight")
    save_file(state, file)
    assert found in refused(folder)


def test_a_file_that_is_cut_off_is_refused_wherever(folder):
    file = folder / "model.safetensors"
    whole = file.read_bytes()
    for length in (0, 4, 8, 100, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        refused(folder)


@pytest.mark.parametrize("target", ["os.mkdir", "numpy.save"])
@pytest.mark.parametrize("place", ["families", "levels", "source"])
def test_how_pairs_were_made_cannot_name_what_is_called(target, place, folder, tmp_path):
    """Evaluate builds the data anew, by Hydra, as the model's config says that its pairs were made."""
    call = {"_target_": target, "_args_": [str(tmp_path / "ran"), 0o700]}
    made = {"source": {"root": call}} if place == "source" else {place: call}
    set_value(folder, "training", value={"pairs_made": {"demo": made}})
    with pytest.raises(ModelFolderError, match="a key _target_"):
        evaluated(tmp_path / "out", folder, "data=demo")
    assert not list(tmp_path.glob("ran*"))


@pytest.mark.parametrize("ending", [".pth", ".safetensors", ".bin"])
def test_weights_that_are_a_pickle_are_not_unpickled(ending, tmp_path):
    for content in (made.bare_pickle(tmp_path / "ran"), made.checkpoint(tmp_path / "ran", tmp_path / "made")):
        file = tmp_path / f"weights{ending}"
        file.write_bytes(content)
        with pytest.raises(WeightsError, match="cannot be read as weights"):
            load_weights(create_network("test_vit", branch="vit"), name="test_vit", weights=str(file), branch="vit")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "value",
    [
        torch.zeros(1, dtype=torch.half).expand(10**13),
        create_network("test_vit", branch="vit").norm.weight.to("meta"),
        "text",
    ],
    ids=["a few bytes that claim 20 TB", "no values", "no tensor"],
)
def test_weights_of_odd_kinds_are_refused(value, tmp_path):
    network = create_network("test_vit", branch="vit")
    torch.save({**network.state_dict(), "norm.weight": value}, tmp_path / "weights.pth")
    with pytest.raises(WeightsError, match="1 of another shape"):
        load_weights(network, name="test_vit", weights=str(tmp_path / "weights.pth"), branch="vit")


def test_a_checkpoint_that_is_a_pickle_is_never_run(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")  # as some set for other programs
    content = made.checkpoint(tmp_path / "ran", tmp_path / "last.ckpt")
    with pytest.raises(CheckpointError, match="none of which can be read"):
        newest_checkpoint(tmp_path)
    assert not (tmp_path / "ran").exists()
    made.unpickled(content, tmp_path)
    assert (tmp_path / "ran").is_dir()


@pytest.fixture(scope="module")
def written(pairs, tmp_path_factory):
    """A run of two epochs that was cut off after the first."""
    folder = tmp_path_factory.mktemp("written") / "run"
    train(folder, *table_overrides(pairs))
    (folder / "results.json").unlink()
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("max_epochs: 1", "max_epochs: 2"))
    return folder


@pytest.fixture
def run(written, tmp_path):
    """The same in another place, as a stranger hands it in."""
    return shutil.copytree(written, tmp_path / "run")


def _resumed(run, pairs):
    return train(run.parent / "new", *table_overrides(pairs), "trainer.max_epochs=2", f"+resume={run}")


def test_a_run_resumed_does_not_unpickle_its_checkpoint(run, pairs, tmp_path):
    made.checkpoint(tmp_path / "ran", run / "checkpoints" / "student" / "last.ckpt")
    with pytest.raises(CheckpointError):
        _resumed(run, pairs)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("way", "careless"),
    [("local://{victim}", True), ("local://{victim}", False), ("{here}/../../../precious", False)],
    ids=["Lightning's own way", "address", "traversal"],
)
def test_a_run_resumed_removes_nothing_outside_its_folder(way, careless, run, pairs, tmp_path, monkeypatch):
    """Lightning removes, with all in it, what a checkpoint names as the one before."""
    victim, here = tmp_path / "precious", run / "checkpoints" / "student"
    victim.mkdir()
    content = torch.load(here / "last.ckpt", weights_only=True)
    for key, state in content["callbacks"].items():
        if key.startswith("OwnFiles"):
            state |= {"best_model_path": way.format(victim=victim, here=here), "dirpath": str(here)}
    torch.save(content, here / "last.ckpt")
    if careless:
        monkeypatch.setattr(OwnFiles, "load_state_dict", ModelCheckpoint.load_state_dict)
        monkeypatch.setattr(WithinEpoch, "load_state_dict", lambda self, state: None)
    assert _resumed(run, pairs)["train_n"] > 0
    assert victim.exists() is not careless


def test_a_run_that_was_moved_goes_on_in_its_new_place(run, written, pairs):
    before = (written / "checkpoints" / "student" / "last.ckpt").read_bytes()
    _resumed(run, pairs)
    for folder in (run, written):
        assert [file.name for file in (folder / "checkpoints" / "student").iterdir()] == ["last.ckpt"]
    assert (written / "checkpoints" / "student" / "last.ckpt").read_bytes() == before


def test_a_table_of_scores_shows_names_as_they_are(capsys):
    row = {"image": "a[red]\x1b[2J.png", "score": 0.5, "score_raw": 1.0, "scale": "[bold]b[/bold]", "error": ""}
    row |= {"low": None, "high": None}
    show([row, {**row, "error": "[/nothing]"}])
    shown = capsys.readouterr().out
    assert "[bold]b[/bold]" in shown
    assert "a[red]\\x1b" in shown
    assert "[/nothing]" in shown
