"""Several students as one: what each is worth alone, and all together."""

from itertools import pairwise

import pandas as pd
import pytest
import torch
from omegaconf import open_dict

import ksiqa
from ksiqa.batch import View
from ksiqa.errors import ConfigError
from ksiqa.inference.model_folder import load_model
from ksiqa.model.ensemble import members
from ksiqa.training.assembly import assemble
from ksiqa.training.initial import take_over
from ksiqa.training.run import run
from ksiqa.training.settle import settled
from tests.runs import SMALL, composed, table_overrides
from tests.tiny import tiny_model, write_table

FROZEN = {"frozen": ["vit", "cnn"]}
IMAGES = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def three():
    torch.manual_seed(0)
    return tiny_model(backbone=FROZEN, students=3, damage_weight=0.5).eval()


@torch.inference_mode()
def test_it_says_the_mean_of_what_its_students_say(three):
    readout = three.feature_extraction.damage
    readout.cnn_direction.normal_(generator=torch.Generator().manual_seed(1))
    found = three(View(IMAGES), source="one")
    known = three.feature_extraction.branch_features(IMAGES)
    alone = [member(View(None, known), source="one") for member in members(three)]
    assert len(alone) == 3
    assert all(not torch.allclose(one.score, other.score) for one, other in pairwise(alone))
    for name in ("score", "regressed", "level_probabilities", "quality_map", "weight_map", "doubt"):
        mean = torch.stack([getattr(one, name) for one in alone]).mean(dim=0)
        assert torch.allclose(getattr(found, name), mean, atol=1e-6), name
    for name in ("features", "imagery", "decoding"):
        assert torch.allclose(getattr(found, name), torch.cat([getattr(one, name) for one in alone], dim=-1), atol=1e-5)
    readout.cnn_direction.zero_()
    assert not torch.allclose(three(View(IMAGES), source="one").score, found.score)  # damage is every student's


@torch.inference_mode()
def test_its_teacher_is_its_students_teachers(three):
    references = IMAGES.flip(0)
    found = three.teacher()(View(IMAGES), View(references), source="one").score
    known = [three.feature_extraction.branch_features(images) for images in (IMAGES, references)]
    alone = [one.teacher()(*(View(None, images) for images in known), source="one").score for one in members(three)]
    assert torch.allclose(found, torch.stack(alone).mean(dim=0), atol=1e-6)


def test_branches_and_readout_are_held_once(three):
    one = tiny_model(backbone=FROZEN, damage_weight=0.5)
    frozen = [name for name in one.state_dict() if name.startswith(tuple(f"feature_extraction.{of}." for of in SHARED))]
    names = list(three.state_dict())
    assert len(frozen) > 100
    assert set(frozen) < set(names)
    assert len(names) == len(frozen) + 3 * (len(one.state_dict()) - len(frozen))


SHARED = ("vit", "cnn", "damage")


def test_a_student_takes_the_branches_along_that_it_shares():
    """To a device, or to another precision, as Lightning moves the one that learns."""
    one = tiny_model(backbone=FROZEN, students=2, damage_weight=0.5)
    second = members(one)[1].double()
    assert {value.dtype for value in one.feature_extraction.vit.parameters()} == {torch.float64}
    assert one.feature_extraction.damage.middle.dtype == torch.float64
    assert second.eval()(View(IMAGES.double()), source="one").quality_map.isfinite().all()


def test_all_start_from_the_same_moments():
    one = tiny_model(backbone=FROZEN, students=2)
    known = one.feature_extraction.branch_features(IMAGES)
    one.feature_extraction.start_from(iter([View(None, known)]))
    alone = tiny_model(backbone=FROZEN)
    alone.feature_extraction.vit.load_state_dict(one.feature_extraction.vit.state_dict())
    alone.feature_extraction.start_from(iter([View(None, alone.feature_extraction.branch_features(IMAGES))]))
    expected = alone.feature_extraction.vit_projection[0].weight
    assert not torch.equal(expected, torch.ones_like(expected))
    for member in members(one):
        assert torch.allclose(member.feature_extraction.vit_projection[0].weight, expected)


def test_branches_that_learn():
    with pytest.raises(ConfigError, match=r"found: model\.students=2 with backbone\.frozen=\['cnn'\]"):
        tiny_model(students=2, backbone={"frozen": ["cnn"]})


@pytest.mark.parametrize("kind", ["plain", "plain_matched", "teacher"])
def test_other_kinds(kind):
    with pytest.raises(ConfigError, match=rf"found: model\.students=2 with model\.kind={kind}"):
        tiny_model(students=2, kind=kind, backbone=FROZEN)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The models of a run of one student and of a run of two, and where they are; pairs teach a teacher, too."""
    home = tmp_path_factory.mktemp("runs")
    told = table_overrides(write_table(home / "table", contents=6, side=96))
    told += [
        "backbone=demo",
        "backbone.frozen=null",
        "data.distinct_crops=1",
        "sharing=joint",
        f"cache={home / 'cache'}",
    ]
    found = {}
    for count in (1, 2):
        folder = home / str(count)
        run(composed("train", *SMALL, *told, f"model.students={count}", "model.damage_weight=0.3"), folder)
        found[count] = (load_model(folder / "model"), folder)
    return found


def test_each_student_learns_alone_and_the_first_one_as_if_there_were_no_other(runs):
    (one, _), (two, folder) = runs[1], runs[2]
    first, second = members(two.network)
    of_one = {name: value for name, value in one.network.state_dict().items() if ".damage." not in name}
    state = {name: value for name, value in first.state_dict().items() if ".damage." not in name}
    assert all(torch.equal(value, of_one[name]) for name, value in state.items())
    assert len(state) == len(of_one) - len(one.network.feature_extraction.vit.state_dict()) - len(
        one.network.feature_extraction.cnn.state_dict()
    )
    pairs = zip(first.decoder.parameters(), second.decoder.parameters(), strict=True)
    assert not any(torch.equal(*pair) for pair in pairs if pair[0].ndim > 1)
    metrics = pd.read_csv(folder / "metrics.csv")
    assert list(metrics["phase"].unique()) == ["joint", "joint_2"]


def test_a_saved_ensemble_is_tested_as_it_scores(runs):
    trained, folder = runs[2]
    assert trained.model["students"] == 2
    assert trained.teacher is not None
    assert trained.network.feature_extraction.damage.cnn_direction.any()
    kept = pd.read_csv(next(folder.glob("**/predictions*.csv"))).head(3)
    alone = [ksiqa.load(folder / "model").score(image).score for image in kept["image"]]
    assert alone == pytest.approx(kept["score"], abs=1e-5)


@pytest.mark.parametrize(
    ("told", "students", "learning"),
    [([], 2, []), (["model.students=1"], 1, []), (["model.students=1", "backbone.frozen=[]"], 1, ["vit", "cnn"])],
)
def test_going_on_with_it(told, students, learning, runs, tmp_path):
    trained, folder = runs[2]
    table = table_overrides(write_table(tmp_path, contents=4, side=96), reference=False)
    told = ["+experiment=finetune", *table, f"init={folder / 'model'}", f"cache={tmp_path / 'cache'}", *told]
    config = composed("train", *told)
    with open_dict(config):
        take_over(config, asked=[one.partition("=")[0] for one in told if one.startswith(("model.", "backbone."))])
    config = settled(config)
    assert config.model.students == settled(config).model.students == students
    network = assemble(config).model
    assert network.feature_extraction.learning == learning
    assert len(members(network)) == students
    for one, other in zip(members(network), members(trained.network), strict=False):
        assert all(map(torch.equal, one.decoder.parameters(), other.decoder.parameters()))
        assert torch.equal(one.regressor.quality[0].weight, other.regressor.quality[0].weight)
        scales = [member.regressor.calibration.shift["table"] for member in (one, other)]
        assert not torch.equal(*scales)


def test_more_students_than_the_model_has(runs, tmp_path):
    table = table_overrides(write_table(tmp_path, contents=4, side=96), reference=False)
    told = ["+experiment=finetune", *table, f"init={runs[2][1] / 'model'}"]
    with pytest.raises(ConfigError, match=r"found: model\.students=3 with init"):
        take_over(composed("train", *told, "model.students=3"), asked=["model.students"])


def test_the_best_epoch_of_several(tmp_path):
    with pytest.raises(ConfigError, match=r"found: report\.best_on_test=true with model\.students=2"):
        run(composed("train", *SMALL, "model.students=2", "report.best_on_test=true"), tmp_path)
