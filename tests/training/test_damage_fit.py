"""What the readout of damage learns of copies of some photographs, on copies of others."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from ksiqa.batch import View
from ksiqa.data.image_pairs import Draw
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.errors import ConfigError
from ksiqa.inference.model_folder import load_model, save_model
from ksiqa.inference.scoring import Scorer
from ksiqa.training.assembly import assemble, trained_model
from ksiqa.training.damage_fit import damage_from_scores, ladders, photographs, steps
from ksiqa.training.run import run
from ksiqa.training.settle import settled
from tests.runs import SMALL, composed, table_overrides
from tests.tiny import write_table

FROZEN = ("backbone=demo", "data.distinct_crops=1", "model.damage_weight=0.5")
COPIES = "model.damage=copies"
OF_FEW = ("model.damage=scores", "split.test_share=0.6")  # photographs to train on


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve photographs of 96x96."""
    folder = tmp_path_factory.mktemp("photographs")
    found = [image for image in demo_photographs().values() if image.std() > 20][:12]
    for number, image in enumerate(found):
        Image.fromarray(image).resize((96, 96)).save(folder / f"{number}.png")
    return folder


def _overrides(folder, *more):
    pairs = ["families=[gaussian_blur,jpeg,brighten]", "levels=[1,3,5]", f"root={folder}"]
    told = [
        "data=folder",
        *(f"data.{one}" for one in pairs),
        "sharing=joint",
        "data.crop=96",
        "split.test_share=0.25",
        *FROZEN,
        COPIES,
    ]
    return [*told, f"cache={folder.parent / 'cache'}", *more]


def _assembled(folder, *more):
    return assemble(settled(composed("train", *SMALL, *_overrides(folder, *more))))


def _same_readout(one, other):
    found, expected = (model.feature_extraction.damage.state_dict() for model in (one, other))
    assert list(found) == list(expected)
    return all(torch.equal(found[name], expected[name]) for name in found)


@pytest.fixture(scope="module")
def parts(folder):
    return _assembled(folder)


def test_unseen_photographs_are_damaged_more_at_each_level(parts):
    data, extraction = parts.target.sets[0], parts.model.eval().feature_extraction
    frame = data.table.frame.iloc[list(data.split.test)]
    rising = []
    for _, copies in frame[frame["distortion"].isin(["gaussian_blur", "jpeg"])].groupby(["content", "distortion"]):
        images = [torch.from_numpy(data.source.load(row).distorted).permute(2, 0, 1) for row in copies.index]
        with torch.inference_mode():
            damage = [extraction(View(one[None].float() / 255)).damage.mean().item() for one in images]
        rising += [after > before for before, after in pairwise(damage)]
    assert len(rising) == 3 * 2 * 2  # photographs, families, steps
    assert all(rising)


def test_steps_are_those_of_lossy_families_from_the_photograph_down(parts):
    data = parts.target.sets[0]
    contents = data.table.frame.iloc[list(data.split.train)]["content"].nunique()
    readout = parts.model.feature_extraction.damage
    found = list(steps(data, readout))
    assert len(found) == contents * 2 * 3
    first = found[0]  # of the best blurred copy of the first photograph, cut where its reference is
    place = next(
        place for place, row in enumerate(data.split.train) if "gaussian_blur__1" in data.table.frame["image"][row]
    )
    sample = data.parts["train"][Draw(place, 0)]
    vectors = [readout.vector(side.known) for side in (sample.distorted, sample.reference)]
    assert torch.allclose(first, vectors[0] - vectors[1])
    apart, half = (
        (sample.distorted.known["cnn"].float() - readout.cnn_mean) / readout.cnn_deviation,
        len(readout.cnn_mean),
    )
    assert torch.allclose(vectors[0][:half], apart.mean(dim=(0, 1, 2)), atol=1e-5)
    assert torch.allclose(vectors[0][half:], apart.abs().mean(dim=(0, 1, 2)), atol=1e-5)


@pytest.mark.parametrize("sharing", ["none", "joint"])
def test_a_model_that_is_shown_no_reference_has_the_same_readout(sharing, parts, folder):
    """References are compared with their copies and then left alone."""
    found = _assembled(folder, f"sharing={sharing}")
    assert _same_readout(found.model, parts.model)
    sample = found.target.sets[0].parts["train"][Draw(0, 0)]
    assert (sample.reference is None) is (sharing == "none")


def test_training_images_have_mean_0_and_deviation_1(parts):
    data, readout = parts.target.sets[0], parts.model.feature_extraction.damage
    samples = [data.parts["train"][Draw(place, 0)] for place in range(len(data.split.train))]
    damage = torch.stack([readout(sample.distorted.known["cnn"], branch="cnn").mean() for sample in samples])
    assert damage.mean().item() == pytest.approx(0, abs=1e-3)
    assert damage.std().item() == pytest.approx(1, abs=1e-3)


@pytest.fixture(scope="module")
def saved(folder, parts, tmp_path_factory):
    config = settled(composed("train", *SMALL, *_overrides(folder)))
    folder = tmp_path_factory.mktemp("saved")
    save_model(trained_model(config, parts, fr_source=None), folder)
    return folder


def test_a_saved_model_keeps_it(parts, saved):
    assert parts.model.feature_extraction.damage.cnn_direction.abs().sum() > 0
    assert _same_readout(load_model(saved).network, parts.model)


@pytest.mark.parametrize(("frozen", "weight"), [("null", 0.5), ("[vit]", 0)])
def test_it_goes_on_with_the_model_where_the_branch_stays_as_it_is(frozen, weight, saved, parts, folder, tmp_path):
    told = table_overrides(write_table(tmp_path, contents=4, side=96), reference=False)
    told = ["+experiment=finetune", *told, f"init={saved}", f"backbone.frozen={frozen}", f"cache={tmp_path / 'cache'}"]
    config = settled(composed("train", *told))
    assert config.model.damage_weight == settled(config).model.damage_weight == weight
    found = assemble(config)
    assert not found.finds_damage
    assert (found.model.feature_extraction.damage is not None) is (weight > 0)
    if weight:  # what it did not look at before changes nothing
        readout = found.model.feature_extraction.damage
        assert readout.branches == ["vit", "cnn"]
        assert torch.equal(readout.cnn_direction, parts.model.feature_extraction.damage.cnn_direction)
        assert not readout.vit_direction.any()
        data = found.target.sets[0]
        samples = [data.parts["train"][Draw(place, 0)].distorted.known for place in range(len(data.split.train))]
        along = torch.stack([readout.vector(known) for known in samples])[:, -2 * len(readout.cnn_mean) :]
        assert float((along @ readout.cnn_direction.flatten()).mean() - readout.middle) == pytest.approx(0, abs=1e-4)


def test_branches_that_learn(folder):
    with pytest.raises(ConfigError, match=r"found: model.damage_weight=0.5 with backbone.frozen=\[\]\nexpected: a fr"):
        _assembled(folder, "backbone.frozen=[]")


def test_families_that_take_nothing_away(folder):
    with pytest.raises(ConfigError, match=r"found: model\.damage=copies with pairs of folder"):
        _assembled(folder, "data.families=[brighten]", "data.levels=[1]")


def test_scored_images_without_copies(tmp_path):
    told = table_overrides(write_table(tmp_path, contents=4))
    with pytest.raises(ConfigError, match=r"found: model\.damage=copies with pairs of"):
        assemble(settled(composed("train", *SMALL, *told, *FROZEN, COPIES, f"cache={tmp_path}")))


def _falls(trained, images):
    """Tell for each image, codec and noise at which steps the student's score falls."""
    scorer, found = Scorer(trained), []
    for image in images:
        for copies in ladders(image):
            found += [
                after < before for before, after in pairwise(scorer.score(copy).score for copy in [image, *copies])
            ]
    return found


def test_scores_fall_along_the_photographs_that_it_is_fitted_to(folder):
    """The student has learned nothing: without the readout its scores fall or rise by chance."""
    told = settled(composed("train", *SMALL, *_overrides(folder, *OF_FEW, "model.damage_weight=2")))
    found = assemble(told)
    assert found.finds_damage
    data, trained = found.target.sets[0], trained_model(told, found, fr_source=None)
    seen = list(photographs(data))
    before = _falls(trained, seen)
    assert set(before) == {True, False}
    learned = {name: value.clone() for name, value in found.model.state_dict().items() if "damage" not in name}
    damage_from_scores(trained, pairs=data, target=data)
    assert all(_falls(trained, seen))
    assert all(torch.equal(value, found.model.state_dict()[name]) for name, value in learned.items())


def test_copies_get_worse_step_by_step():
    image = np.random.default_rng(0).normal(128, 20, (96, 96, 3)).clip(0, 255).astype(np.uint8)
    for copies in map(list, ladders(image)):
        assert len(copies) >= 5
        errors = [np.square(copy - image.astype(float)).mean() for copy in copies]
        assert errors == sorted(set(errors))


def test_each_photograph_of_the_training_part_is_looked_at_once(parts):
    data = parts.target.sets[0]
    frame = data.table.frame.iloc[list(data.split.train)]
    pristine = [data.source.load(int(rows.index[0])).reference for _, rows in frame.groupby("content")]
    assert len(pristine) == frame["content"].nunique() == 7
    digests = [{image.tobytes() for image in images} for images in (pristine, list(photographs(data)))]
    assert digests[0] == digests[1]


def test_what_is_trained_sees_no_damage_whether_features_were_kept_before_or_not(folder, tmp_path):
    for _ in ("computed", "found in the cache"):
        extraction = _assembled(folder, f"cache={tmp_path}").model.feature_extraction
        assert extraction.training


def test_a_run_finds_it_when_all_have_learned(folder, tmp_path):
    told = settled(composed("train", *SMALL, *_overrides(folder, *OF_FEW)))
    run(told, tmp_path / "run", test=False)
    readout = load_model(tmp_path / "run" / "model").network.feature_extraction.damage
    assert readout.cnn_direction.abs().sum() > 0
