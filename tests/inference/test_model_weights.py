"""What a model's file holds of its weights: whole numbers with a scale a row, read back within half a step."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import ksiqa
from ksiqa import Scorer
from ksiqa.errors import ModelFolderError
from ksiqa.inference.model_weights import read_weights, weights_as


@pytest.fixture
def network() -> nn.Sequential:
    """A network with each kind of layer, and with a row of zeros."""
    torch.manual_seed(0)
    made = nn.Sequential(nn.Conv2d(4, 8, 3, groups=2), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8, 5))
    with torch.no_grad():
        made[3].weight[2] = 0
        made[3].weight[3] *= 1e-6
    return made


def test_a_weight_is_at_most_half_a_step_of_its_row_off(network, tmp_path):
    save_file(weights_as(torch.int8, of=network), tmp_path / "file.safetensors")
    found = read_weights(tmp_path / "file.safetensors", wanted=network.state_dict())
    for name in ("0.weight", "3.weight"):
        true = network.state_dict()[name].flatten(1)
        steps = true.abs().amax(dim=1, keepdim=True) / 127
        assert ((found[name].flatten(1) - true).abs() <= steps * 0.5001).all(), name
    assert (found["3.weight"][2] == 0).all()
    assert found["3.bias"] == pytest.approx(network[3].bias.detach(), rel=1e-3)
    assert found["1.num_batches_tracked"].dtype == torch.int64


def test_what_was_rounded_once_is_rounded_to_the_same(network, tmp_path):
    first = weights_as(torch.int8, of=network)
    save_file(first, tmp_path / "file.safetensors")
    network.load_state_dict(read_weights(tmp_path / "file.safetensors", wanted=network.state_dict()))
    again = weights_as(torch.int8, of=network)
    assert all(torch.equal(first[name], again[name]) for name in first if first[name].dtype == torch.int8)


def test_a_quarter_of_the_file_scores_nearly_alike(student, image, tmp_path):
    """Where the network is small the names and the rest weigh more."""
    scorer = Scorer(student)
    for dtype in ("float32", "int8"):
        scorer.save(tmp_path / dtype, dtype=dtype)
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("float32", "int8")]
    assert sizes[1] < 0.35 * sizes[0]
    assert f"{sizes[1] / 2**20:.1f} MiB" in (tmp_path / "int8" / "README.md").read_text()
    scores = [ksiqa.load(tmp_path / name).score(image, image).score for name in ("float32", "int8")]
    assert scores[0] == pytest.approx(scores[1], abs=0.01)
    assert scores[0] != scores[1]


@pytest.mark.parametrize(
    ("kept", "found"),
    [
        (lambda value, _scale: {"WEIGHT": value}, "1 of another type"),
        (lambda value, scale: {"WEIGHT": value, "WEIGHT.scale": scale[:-1]}, "1 of another shape"),
        (lambda value, scale: {"WEIGHT": value.float(), "WEIGHT.scale": scale.to(torch.int8)}, "has 1 others"),
        (lambda value, scale: {"WEIGHT": value, "WEIGHT.scale": scale, "more.scale": scale.clone()}, "has 1 others"),
    ],
    ids=["without a scale", "scales of other rows", "whole numbers for scales", "a scale of nothing"],
)
def test_scales_that_do_not_fit_are_refused(kept, found, student, tmp_path):
    Scorer(student).save(tmp_path, dtype="int8")
    file = tmp_path / "model.safetensors"
    state = load_file(file)
    name = next(name for name, value in state.items() if value.dtype == torch.int8)
    made = kept(state.pop(name), state.pop(f"{name}.scale"))
    save_file(state | {key.replace("WEIGHT", name): value for key, value in made.items()}, file)
    with pytest.raises(ModelFolderError, match=f"(?s)does not match.*{found}"):
        ksiqa.load(tmp_path)
