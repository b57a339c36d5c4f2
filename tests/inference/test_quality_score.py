import numpy as np
import pytest
import torch
from torch import distributed, multiprocessing

import ksiqa
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.data.views import ScoringViews
from ksiqa.errors import ConfigError, ImageError, KsiqaError, ModelFolderError
from ksiqa.inference.model_folder import save_model
from ksiqa.inference.scoring import Scorer
from tests.inference.conftest import saved

GRID = ScoringViews(kind="grid", side=48, grid=2, cell=16)
MODELS = {
    "student": {},
    "views": {"views": GRID},
    "conv imagery": {"imagery": "conv"},
    "cross decoder": {"decoder": "cross", "ordinal": "dorn"},
    "frozen": {"backbone": {"frozen": ["vit", "cnn"]}},
    "ensemble": {"students": 3, "backbone": {"frozen": ["vit", "cnn"]}},
    "deform": {"fusion": "deform"},
    "plain": {"kind": "plain", "fr": False},
    "plain_matched": {"kind": "plain_matched", "fr": False},
}


@pytest.fixture(scope="module")
def images():
    """Three crops as bytes, and as the tensor of them."""
    pixels = [demo_photographs()["coffee"][top : top + 70, 100:200] for top in (100, 150, 200)]
    return pixels, torch.tensor(np.stack(pixels)).permute(0, 3, 1, 2).float() / 255


@pytest.mark.parametrize("changes", MODELS.values(), ids=MODELS)
def test_metric_and_loss_are_the_scorers_scores(changes, images):
    """70 x 100 pixels: no multiple of a token's 16."""
    pixels, tensor = images
    one = saved(**changes)
    alone = [Scorer(one).score(image).score for image in pixels]
    metric = ksiqa.QualityScore(Scorer(one))
    for place in range(3):
        metric.update(tensor[place : place + 1])
    assert metric.compute().item() == pytest.approx(np.mean(alone), abs=1e-6)
    assert metric(tensor[1:2]).item() == pytest.approx(alone[1], abs=1e-6)  # of the batch
    assert ksiqa.QualityLoss(Scorer(one))(tensor[1:2]).item() == pytest.approx(1 - alone[1], abs=1e-6)
    assert ksiqa.QualityLoss(Scorer(one))(tensor).item() == pytest.approx(1 - np.mean(alone), abs=1e-5)


def test_the_teacher_scores_against_references(images, student):
    pixels, tensor = images
    scores = [Scorer(student).score(image, pixels[0]).score for image in pixels]
    references = tensor[:1].expand_as(tensor)
    metric = ksiqa.QualityScore(Scorer(student))
    metric.update(tensor, references)
    assert metric.compute().item() == pytest.approx(np.mean(scores), abs=1e-6)
    assert ksiqa.QualityLoss(Scorer(student))(tensor, references).item() == pytest.approx(1 - np.mean(scores), abs=1e-6)


def test_larger_images_are_made_smaller_close_to_what_pillow_does(images):
    pixels, tensor = images
    small = Scorer(saved(short_side=48))
    expected = [small.score(image).score for image in pixels]
    assert (1 - ksiqa.QualityLoss(small)(tensor)).item() == pytest.approx(np.mean(expected), abs=2e-3)


@pytest.mark.parametrize("changes", MODELS.values(), ids=MODELS)
def test_the_gradient_is_that_of_the_score(changes):
    """Also where training stops gradients, within the imagery and in frozen branches."""
    size = 64 if changes.get("views") else 35
    loss = ksiqa.QualityLoss(Scorer(saved(**changes))).double()
    image = torch.rand(1, 3, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(loss, image.requires_grad_(), fast_mode=True)
    loss(image).backward()
    assert image.grad.abs().max() > 0


def test_the_teachers_gradient_is_that_of_its_score(student):
    loss = ksiqa.QualityLoss(Scorer(student)).double()
    pair = torch.rand(2, 1, 3, 35, 35, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(loss, [one.requires_grad_() for one in pair], fast_mode=True)


def test_going_down_the_loss_raises_the_score_of_a_noisy_image(images, student):
    pixels, _ = images
    noise = np.random.default_rng(0).normal(0, 25, pixels[0].shape)
    noisy = np.clip(pixels[0] + noise, 0, 255).astype(np.uint8)
    restored = torch.nn.Parameter(torch.tensor(noisy).permute(2, 0, 1)[None].float() / 255)
    loss = ksiqa.QualityLoss(Scorer(student))
    optimiser = torch.optim.Adam([restored], lr=1 / 255)
    for _ in range(5):
        optimiser.zero_grad()
        loss(restored).backward()
        optimiser.step()
    after = restored.detach().clamp(0, 1)[0]
    assert Scorer(student).score(after).score > Scorer(student).score(noisy).score + 1e-4


def test_the_network_is_never_trained_and_the_callers_stays_as_it_was(images, student):
    before = {name: value.clone() for name, value in student.network.state_dict().items()}
    holder = torch.nn.ModuleList([ksiqa.QualityLoss(Scorer(student)), ksiqa.QualityScore(Scorer(student))]).train()
    assert not any(parameter.requires_grad for parameter in holder.parameters())
    tensor = images[1].clone().requires_grad_()
    holder[0](tensor).backward()
    holder[1].update(tensor)
    assert not holder[1].total.requires_grad
    assert not any(module.training for one in holder for module in one.network.modules())
    assert not student.network.imagery_into_features
    assert all(torch.equal(value, before[name]) for name, value in student.network.state_dict().items())


def test_both_move_with_the_module_that_holds_them(student):
    holder = torch.nn.ModuleList([ksiqa.QualityLoss(Scorer(student)), ksiqa.QualityScore(Scorer(student))]).to("meta")
    for one in holder:
        held = one.scorer.trained.network.state_dict().values()
        assert {value.device.type for value in held} == {"meta"}
    copy = ksiqa.QualityScore(Scorer(student)).clone()
    assert copy.network is copy.scorer.trained.network


def test_bad_batches_are_said(student, images):
    metric, loss = ksiqa.QualityScore(Scorer(student)), ksiqa.QualityLoss(Scorer(student))
    for wrong in (torch.rand(3, 32, 32), torch.rand(1, 1, 32, 32), torch.rand(0, 3, 32, 32), images[1].byte()):
        for judge in (metric.update, loss):
            with pytest.raises(ImageError, match="expected: images x 3 x height x width, floating point, one or more"):
                judge(wrong)
    with pytest.raises(ImageError, match="found: an image of 40x9\nexpected: at least 16x16 pixels"):
        loss(torch.rand(1, 3, 9, 40))
    with pytest.raises(ImageError, match="found: images of shape 3 x 3 x 70 x 100 and references of 1 x 3 x 70 x 100"):
        loss(images[1], images[1][:1])
    for wrong in (images[1] * 255, images[1] - 1, images[1] * torch.nan):
        with pytest.raises(ImageError, match=r"expected: numbers from 0 \(black\) to 1 \(white\)"):
            metric.update(wrong)
    with pytest.raises(ModelFolderError, match="a model without a trained teacher"):
        ksiqa.QualityLoss(Scorer(saved(fr=False)))(images[1], images[1])
    with pytest.raises(ConfigError, match="found: scale=other"):
        ksiqa.QualityLoss(Scorer(student), scale="other")(images[1])
    with pytest.warns(UserWarning, match="before the ``update``"), pytest.raises(KsiqaError, match="found: no images"):
        ksiqa.QualityScore(Scorer(student)).compute()


def test_what_two_have_seen_is_put_together_as_one(student, images):
    one, other, whole = (ksiqa.QualityScore(Scorer(student)) for _ in range(3))
    one.update(images[1][:1])
    other.update(images[1][1:])
    whole.update(images[1])
    one.merge_state(other)
    assert one.compute().item() == pytest.approx(whole.compute().item(), abs=1e-6)
    assert one.images == 3


def gather(rank, folder):
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    metric = ksiqa.QualityScore(folder / "model")
    batch = torch.load(folder / "images.pt", weights_only=True)
    metric.update(batch[:1] if rank == 0 else batch[1:])
    torch.save(metric.compute(), folder / f"mean{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.long
def test_two_processes_see_the_whole(student, images, tmp_path):
    save_model(student, tmp_path / "model")
    torch.save(images[1], tmp_path / "images.pt")
    multiprocessing.spawn(gather, args=(tmp_path,), nprocs=2)
    expected = np.mean([Scorer(student).score(image).score for image in images[0]])
    for rank in (0, 1):
        mean = torch.load(tmp_path / f"mean{rank}.pt", weights_only=True)
        assert mean.item() == pytest.approx(expected, abs=1e-6)
