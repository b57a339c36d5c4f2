"""What the readout of damage learns of copies of some photographs, on copies of others."""

from itertools import pairwise

import pytest
import torch
from PIL import Image

from ksiqa.batch import View
from ksiqa.data.image_pairs import Draw
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.errors import ConfigError
from ksiqa.inference.model_folder import load_model, save_model
from ksiqa.training.assembly import assemble, trained_model
from ksiqa.training.damage_start import steps
from ksiqa.training.settle import settled
from tests.runs import SMALL, composed, table_overrides
from tests.tiny import write_table

FROZEN = ("backbone=demo", "data.distinct_crops=1", "model.damage_weight=0.5")


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Twelve photographs of 96x96."""
    folder = tmp_path_factory.mktemp("photographs")
    found = [image for image in demo_photographs().values() if image.std() > 20][:12]
    for number, image in enumerate(found):
        Image.fromarray(image).resize((96, 96)).save(folder / f"{number}.png")
    return folder


def _overrides(photographs, *more):
    pairs = ["families=[gaussian_blur,jpeg,brighten]", "levels=[1,3,5]", f"root={photographs}"]
    told = [
        "data=folder",
        *(f"data.{one}" for one in pairs),
        "sharing=joint",
        "data.crop=96",
        "split.test_share=0.25",
        *FROZEN,
    ]
    return [*told, f"cache={photographs.parent / 'cache'}", *more]


def _assembled(photographs, *more):
    return assemble(settled(composed("train", *SMALL, *_overrides(photographs, *more))))


@pytest.fixture(scope="module")
def parts(photographs):
    return _assembled(photographs)


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
    found = list(steps(data))
    assert len(found) == contents * 2 * 3
    first = found[0]  # of the best blurred copy of the first photograph, cut where its reference is
    place = next(
        place for place, row in enumerate(data.split.train) if "gaussian_blur__1" in data.table.frame["image"][row]
    )
    sample = data.parts["train"][Draw(place, 0)]
    means = [side.known["cnn"].float().mean(dim=(0, 1, 2)) for side in (sample.distorted, sample.reference)]
    assert torch.allclose(first, means[0] - means[1])


@pytest.mark.parametrize("sharing", ["none", "joint"])
def test_a_model_that_is_shown_no_reference_has_the_same_readout(sharing, parts, photographs):
    """References are compared with their copies and then left alone."""
    found = _assembled(photographs, f"sharing={sharing}")
    assert torch.equal(found.model.feature_extraction.damage.direction, parts.model.feature_extraction.damage.direction)
    sample = found.target.sets[0].parts["train"][Draw(0, 0)]
    assert (sample.reference is None) is (sharing == "none")


def test_training_images_have_mean_0_and_deviation_1(parts):
    data, readout = parts.target.sets[0], parts.model.feature_extraction.damage
    samples = [data.parts["train"][Draw(place, 0)] for place in range(len(data.split.train))]
    damage = torch.stack([readout(sample.distorted.known["cnn"]).mean() for sample in samples])
    assert damage.mean().item() == pytest.approx(0, abs=1e-3)
    assert damage.std().item() == pytest.approx(1, abs=1e-3)


@pytest.fixture(scope="module")
def saved(photographs, parts, tmp_path_factory):
    config = settled(composed("train", *SMALL, *_overrides(photographs)))
    folder = tmp_path_factory.mktemp("saved")
    save_model(trained_model(config, parts, fr_source=None), folder)
    return folder


def test_a_saved_model_keeps_it(parts, saved):
    found, fitted = (one.feature_extraction.damage for one in (load_model(saved).network, parts.model))
    assert fitted.direction.abs().sum() > 0
    assert torch.equal(found.direction, fitted.direction)
    assert torch.equal(found.middle, fitted.middle)


@pytest.mark.parametrize(("frozen", "weight"), [("null", 0.5), ("[vit]", 0)])
def test_it_goes_on_with_the_model_where_the_branch_stays_as_it_is(frozen, weight, saved, parts, photographs, tmp_path):
    told = table_overrides(write_table(tmp_path, contents=4, side=96), reference=False)
    told = ["+experiment=finetune", *told, f"init={saved}", f"backbone.frozen={frozen}", f"cache={tmp_path / 'cache'}"]
    config = settled(composed("train", *told))
    assert config.model.damage_weight == settled(config).model.damage_weight == weight
    found = assemble(config).model.feature_extraction.damage
    assert (found is not None) is (weight > 0)
    if found is not None:
        assert torch.equal(found.direction, parts.model.feature_extraction.damage.direction)


def test_a_branch_that_learns(photographs):
    with pytest.raises(
        ConfigError, match=r"found: model.damage_weight=0.5 with backbone.frozen=\['vit'\]\nexpected: a fr"
    ):
        _assembled(photographs, "backbone.frozen=[vit]")


def test_families_that_take_nothing_away(photographs):
    with pytest.raises(ConfigError, match=r"found: model\.damage_weight above 0 with pairs of folder"):
        _assembled(photographs, "data.families=[brighten]", "data.levels=[1]")


def test_scored_images_without_copies(tmp_path):
    told = table_overrides(write_table(tmp_path, contents=4))
    with pytest.raises(ConfigError, match=r"found: model\.damage_weight above 0 with pairs of"):
        assemble(settled(composed("train", *SMALL, *told, *FROZEN, f"cache={tmp_path}")))
