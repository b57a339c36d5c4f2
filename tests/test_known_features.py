"""Features that were kept before are those that would be computed now, of images larger than a tile too."""

import numpy as np
import pytest
import torch
from PIL import Image

from ksiqa import build
from ksiqa.batch import View
from ksiqa.data.image_pairs import Draw
from ksiqa.data.views import ScoringViews, TrainingViews
from ksiqa.tiles import SIDE, WHOLE
from tests.tiny import CELL, quality_data, table_images, tiny_model

TOKENS = WHOLE + 13


@pytest.fixture(scope="module")
def wide():
    """Two images of 2 tokens by more than are taken as one whole."""
    return torch.rand(2, 3, 2 * CELL, TOKENS * CELL, generator=torch.Generator().manual_seed(0))


def _extraction(frozen, fusion="add"):
    torch.manual_seed(0)
    extraction = tiny_model(fusion=fusion, backbone={"frozen": frozen}).feature_extraction.eval()
    for parameter in extraction.parameters():
        if not parameter.any():  # also the offsets of deformable fusion look around
            torch.nn.init.normal_(parameter, std=0.05)
    return extraction


@pytest.mark.parametrize("fusion", ["add", "concat", "deform"])
@pytest.mark.parametrize("frozen", [["vit"], ["cnn"], ["vit", "cnn"]])
@torch.inference_mode()
def test_known_features_are_fused_to_what_is_computed(frozen, fusion, wide):
    extraction = _extraction(frozen, fusion)
    learning = [name for name in ("vit", "cnn") if name not in frozen]
    known = extraction.branch_features(wide, leave_out=learning)
    assert sorted(known) == sorted(frozen)
    computed = extraction(View(wide)).features
    assert computed.shape[1:3] == (2, TOKENS)
    assert torch.equal(extraction(View(wide, known)).features, computed)


@torch.inference_mode()
def test_no_branch_ever_sees_more_than_a_tile(wide):
    extraction, seen = _extraction(["vit", "cnn"]), []
    for branch in (extraction.vit, extraction.cnn):
        branch.network.register_forward_pre_hook(lambda network, given: seen.append(given[0].shape[3]))
    extraction.vit.network.patch_embed.register_forward_pre_hook(lambda part, given: seen.append(given[0].shape[3]))
    extraction(View(wide))
    extraction.branch_features(wide)
    assert len(seen) == 8  # two branches, two tiles, twice
    assert set(seen) == {SIDE * CELL}


@pytest.fixture
def data(wide, tmp_path):
    """Five wide images on a scale, trained on in crops and scored whole."""
    pixels = (wide[0] * 255).byte().permute(1, 2, 0).numpy()
    lines = ["image,score"]
    for number in range(5):
        Image.fromarray(np.roll(pixels, 40 * number, axis=1)).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{1 + number}")
    (tmp_path / "scores.csv").write_text("\n".join(lines) + "\n")
    views = {
        "training": TrainingViews(side=32, distinct=1),
        "scoring": ScoringViews(kind="whole", side=32, grid=1, cell=CELL),
    }
    return quality_data(table_images(tmp_path / "scores.csv", references=False), **views)


def test_validation_and_ridge_see_the_features_of_the_test(data, tmp_path):
    """In the half precision in which they are kept."""
    extraction = _extraction(["vit", "cnn"])
    datasets = (data.train_scored, data.parts["validation"], data.parts["test"])
    images = [dataset[Draw(0, 0)].distorted.image for dataset in datasets]  # read before: later no pixel is
    build.keep_frozen(data, extraction, cache=tmp_path, ridge=True)
    for dataset, image in zip(datasets, images, strict=True):
        with torch.inference_mode():
            raw = extraction.branch_features(image.float() / 255)
        kept = dataset.known.get(dataset.key(Draw(0, 0)), reference=False)
        assert sorted(kept) == ["cnn", "vit"]
        assert all(torch.allclose(kept[name].float(), raw[name], rtol=2e-3, atol=2e-3) for name in raw)


def test_other_tiles_are_other_features(data, tmp_path, monkeypatch):
    extraction, found = _extraction(["cnn"]), []
    for changes in ({}, {"SIDE": SIDE - 8}, {"SIDE": SIDE}, {"WHOLE": WHOLE + 1}, {"OVERLAP": 10}):
        for name, value in changes.items():
            monkeypatch.setattr(build, name, value)
        build.keep_frozen(data, extraction, cache=tmp_path)
        found.append(len(list((tmp_path / "features").iterdir())))
    assert found == [2, 4, 4, 6, 8]  # two parts each time, and the same tiles again compute nothing
