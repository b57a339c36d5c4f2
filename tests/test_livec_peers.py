"""experiments/livec/peers.py: a peer is measured beside KSIQA on the same images. The peer here is a small network of
the tests; pyiqa is no dependency, and peer_networks.py compares its networks with their parts where it is installed."""

import csv
import sys
from pathlib import Path
from types import SimpleNamespace

import lightning.pytorch as lightning
import pytest
import torch
from scipy.stats import pearsonr
from torch import nn

from ksiqa.data.datamodule import QualityData
from ksiqa.errors import ConfigError
from tests.fake_iqa import write_livec

FOLDER = Path(__file__).parents[1] / "experiments" / "livec"


class Trunk(nn.Module):
    """A backbone of one convolution, with what timm's say of their weights."""

    def __init__(self) -> None:
        super().__init__()
        self.pretrained_cfg = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
        self.convolution = nn.Conv2d(3, 4, 8, stride=8)

    def forward(self, pixels):
        return self.convolution(pixels).relu()


class Network(nn.Module):
    """Backbone and a linear look, in one piece as published networks are."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk, self.look = Trunk(), nn.Linear(4, 1)

    def forward(self, pixels):
        return self.look(self.trunk(pixels).mean(dim=(2, 3)))


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.fixture(scope="module")
def scripts():
    sys.path.insert(0, str(FOLDER))
    import contrasts
    import peer_networks
    import peers
    import recipes

    yield SimpleNamespace(contrasts=contrasts, networks=peer_networks, peers=peers, recipes=recipes)
    sys.path.remove(str(FOLDER))


@pytest.fixture
def tiny(scripts, monkeypatch, tmp_path):
    """The peer, by a recipe of an instant."""

    class Tiny(scripts.networks.Peer):
        branch, places = "cnn", "all"

        def __init__(self, file):
            assert file == "random"
            super().__init__(Network(), backbone="trunk")

        def see(self, pixels):
            return {"grid": self.backbone(self.normalised(pixels)).permute(0, 2, 3, 1)}

        def forward(self, seen):
            self.stand_in.said = seen["grid"].permute(0, 3, 1, 2)
            return self.network(self.stand_in.said)[:, 0]

        @staticmethod
        def origin():
            return "1"

    one = scripts.peers.Recipe(short_side=40, grid=2, loss="plcc", lr=1e-2, epochs=3, batch_size=4, crops=2)
    for known, value in (("PEERS", Tiny), ("TRIES", [one]), ("CHOSEN", one)):
        monkeypatch.setitem(getattr(scripts.peers, known), "tiny", value)
    monkeypatch.setattr(scripts.peers, "SIDE", 32)
    monkeypatch.setattr(scripts.peers, "DEVICE", torch.device("cpu"))
    write_livec(tmp_path / "livec", rows=20)
    told = ["--livec", tmp_path / "livec", "--vit", "none", "--cnn", "random", "--peers", "tiny", "--home", tmp_path]
    also = ["--also", "data.allow_missing=true", f"cache={tmp_path / 'cache'}"]
    return SimpleNamespace(told=[*map(str, told), *also], kind=Tiny, home=tmp_path)


def test_what_a_peer_has_seen_is_judged_as_the_whole_network_would(tiny):
    torch.manual_seed(0)
    whole = Network()
    peer = tiny.kind("random")
    peer.network.look.load_state_dict(whole.look.state_dict())
    peer.backbone.load_state_dict(whole.trunk.state_dict())
    pixels = torch.rand(2, 3, 224, 224)
    torch.testing.assert_close(peer(peer.see(pixels)), whole(2 * pixels - 1)[:, 0])
    assert {name.partition(".")[0] for name, _ in peer.network.named_parameters()} == {"look"}


def test_a_frozen_and_a_learning_peer_are_rows_beside_the_others(scripts, tiny, monkeypatch):
    asked = [*tiny.told, "--splits", "0", "1"]
    scripts.peers.main([*asked, "--frozen"])
    scripts.peers.main(asked)
    made = rows(tiny.home / "results.csv")
    assert [(one["variant"], one["split"]) for one in made] == [
        *(("frozen-peer-tiny", "0"), ("frozen-peer-tiny", "1"), ("peer-tiny", "0"), ("peer-tiny", "1"))
    ]
    assert {(one["part"], one["train_n"], one["test_n"], one["label"]) for one in made} == {("folds", "16", "4", "MOS")}
    assert len({one["recipe"] for one in made}) == 2  # whether backbones learn belongs to it, the split does not
    assert len({one["test/plcc"] for one in made}) == 4
    (frozen,) = (tiny.home / "predictions").glob("frozen-peer-tiny.csv")
    scored = [one for one in rows(frozen) if one[f"folds 0 0 {made[0]['recipe']}"]]
    table = scripts.contrasts.DATASETS["livec"].read(tiny.home / "livec", allow_missing=True).frame
    labels = dict(zip(table["image"].map(lambda name: Path(name).name), table["score"], strict=True))
    score = [float(one[f"folds 0 0 {made[0]['recipe']}"]) for one in scored]
    label = [labels[one["image"]] for one in scored]
    assert float(made[0]["test/plcc"]) == pytest.approx(pearsonr(score, label).statistic, abs=1e-4)
    before = (tiny.home / "results.csv").read_bytes()
    scripts.peers.main([*tiny.told, "data.workers=1", "--splits", "0", "1", "--frozen"])  # which is the machine's
    assert (tiny.home / "results.csv").read_bytes() == before
    monkeypatch.setitem(scripts.peers.CHOSEN, "tiny", scripts.peers.CHOSEN["tiny"]._replace(lr=1e-3))
    scripts.peers.main([*tiny.told, "--frozen", "--splits", "0"])
    assert len(rows(tiny.home / "results.csv")) == len(made) + 1


def test_a_frozen_backbone_stays_and_a_learning_one_learns(scripts, tiny):
    for frozen in (True, False):
        options = scripts.peers.parsed([*tiny.told, *(["--frozen"] if frozen else [])])
        recipe = scripts.peers.CHOSEN["tiny"]
        split = ["split.source=folds", "split.index=0"]
        config = scripts.peers.config_of(recipe, split, seed=0, options=options)
        data = scripts.peers.data_of(config)
        peer = scripts.peers.trained("tiny", recipe, data, config=config, options=options)
        lightning.seed_everything(0, verbose=False)
        new = tiny.kind("random")
        same = torch.equal(peer.backbone.convolution.weight, new.backbone.convolution.weight)
        assert same is frozen
        assert not torch.equal(peer.network.look.weight, new.network.look.weight)
        assert bool(peer.standard) is frozen
        if frozen:
            values = torch.cat([batch.distorted.known["grid"].float() for batch in data.train_dataloader()])
            scaled = peer.standard["grid"](values).flatten(0, 2)
            torch.testing.assert_close(scaled.mean(dim=0), torch.zeros(4), atol=1e-3, rtol=0)
            torch.testing.assert_close(scaled.std(dim=0), torch.ones(4), atol=2e-2, rtol=0)


def test_a_recipe_is_looked_for_on_validation_parts(scripts, tiny, monkeypatch):
    scored, parts = QualityData.scored, []

    def spied(data, part):
        parts.append((part, data.parts["test"].known))
        return scored(data, part)

    monkeypatch.setattr(QualityData, "scored", spied)
    scripts.peers.main([*tiny.told, "--frozen", "--tries", "0", "1"])
    assert parts == [("validation", None), ("validation", None)]
    made = rows(tiny.home / "recipes.csv")
    assert [(one["variant"], one["split"]) for one in made] == [("frozen-peer-tiny", "1"), ("frozen-peer-tiny", "2")]
    assert "short_side=40 loss=plcc lr=0.01" in made[0]["try"]
    assert not (tiny.home / "results.csv").exists()


def test_without_pyiqa_it_says_what_to_install(scripts, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyiqa.archs.maniqa_arch", None)
    with pytest.raises(ConfigError, match="pip install --no-deps pyiqa"):
        scripts.networks.Maniqa("random")
