import pytest
import timm
import torch
from torch import nn

from ksiqa.batch import View
from ksiqa.errors import ConfigError, ImageError
from ksiqa.model.feature_extraction import CNNBranch, FeatureExtraction, ViTBranch, _spread

PLACES = {"blocks": [1, 3], "stages": [2, 3]}


def _vit(blocks=(1, 3), *, pool=1, shrink=1, frozen=False, name="test_vit"):
    return ViTBranch(name=name, weights="random", blocks=blocks, pool=pool, shrink=shrink, frozen=frozen)


def _cnn(stages=(2, 3), *, frozen=False, name="test_efficientnet", spread=False):
    return CNNBranch(name=name, weights="random", stages=stages, spread=spread, frozen=frozen)


def _both(fusion="add", **frozen):
    vit, cnn = (branch(frozen=frozen.get(name, False)) for name, branch in (("vit", _vit), ("cnn", _cnn)))
    return FeatureExtraction(vit=vit, cnn=cnn, width=32, fusion=fusion)


@pytest.mark.parametrize("fusion", ["add", "concat", "deform"])
def test_features_lie_on_the_token_grid(fusion, view):
    assert _both(fusion)(view).features.shape == (3, 4, 6, 32)


@pytest.mark.parametrize("branches", [{"cnn": None}, {"vit": None}])
def test_one_branch_is_enough(branches, view):
    there = {"vit": _vit(), "cnn": _cnn()} | branches
    assert FeatureExtraction(**there, width=16, fusion="add")(view).features.shape == (3, 4, 6, 16)


def test_no_branch_is_an_error():
    with pytest.raises(
        ConfigError, match=r"found: backbone.vit=null and backbone.cnn=null\nexpected: at least one branch\ndo: name a"
    ):
        FeatureExtraction(vit=None, cnn=None, width=16, fusion="add")


def test_widths_and_strides_come_from_timm():
    for name in ("test_efficientnet", "test_resnet"):
        cnn = _cnn((1, 4), name=name)
        told = timm.create_model(name, features_only=True, out_indices=(1, 4)).feature_info
        assert cnn.channels(cell=16) == sum(told.channels())
        assert cnn.strides == told.reduction()
    vit = _vit((0, 2, 5))
    assert (vit.cell, vit.channels) == (16, 3 * timm.create_model("test_vit").embed_dim)


def test_blocks_after_the_last_one_are_left_out():
    assert len(_vit((0, 2)).network.blocks) == 3


def test_the_vit_branch_gives_its_blocks_side_by_side(view):
    """Against timm's own tokens of the same blocks, read one block after another."""
    branch = _vit((1, 3)).eval()
    network = branch.network
    x = network.patch_embed((view.image - 0.5) / 0.5)
    x = network.norm_pre(network.patch_drop(network._pos_embed(x)))
    found = []
    for block in network.blocks:
        x = block(x)
        found.append(network.norm(x)[:, network.num_prefix_tokens :])
    expected = torch.cat([found[1], found[3]], dim=-1).view(3, 4, 6, -1)
    assert torch.allclose(branch(view.image), expected, atol=1e-5)


def test_a_token_is_the_mean_of_its_patches(view):
    patches, tokens = _vit().eval(), _vit(pool=2).eval()
    tokens.load_state_dict(patches.state_dict())
    assert (patches.cell, tokens.cell) == (16, 32)
    means = patches(view.image).unflatten(1, (2, 2)).unflatten(3, (3, 2)).mean(dim=(2, 4))
    assert torch.allclose(tokens(view.image), means, atol=1e-5)
    assert FeatureExtraction(vit=tokens, cnn=_cnn(), width=32, fusion="add")(view).features.shape == (3, 2, 3, 32)


def test_the_transformer_alone_sees_images_made_smaller(view):
    near, far = _vit().eval(), _vit(shrink=2).eval()
    far.load_state_dict(near.state_dict())
    assert (near.cell, far.cell) == (16, 32)
    smaller = view.image.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).mean(dim=(3, 5))
    assert torch.allclose(far(view.image), near(smaller), atol=1e-5)
    cnn = _cnn().eval()
    features = FeatureExtraction(vit=far, cnn=cnn, width=32, fusion="add").eval()
    assert torch.equal(features.branch_features(view.image)["cnn"], cnn(view.image, cell=32))
    assert features(view).features.shape == (3, 2, 3, 32)


@pytest.mark.parametrize("name", ["pool", "shrink"])
def test_a_token_is_of_no_less_than_a_patch(name):
    told = rf"found: backbone.vit.{name}=0\nexpected: 1 to 4\ndo: set backbone.vit.{name}=1"
    with pytest.raises(ConfigError, match=told):
        _vit(**{name: 0})


def test_channels_of_frozen_branches_start_alike(view):
    """The projection's norm gives mean 0 and deviation 1 over the tokens of the views that it started from."""
    features = _both(cnn=True).eval()
    before = features.vit_projection[0].weight.clone()
    known = features.branch_features(view.image, leave_out=["vit"])["cnn"]
    features.start_from(View(None, {"cnn": known[place : place + 1]}) for place in range(3))
    seen = features.cnn_projection[0](known).flatten(0, 2)
    assert torch.allclose(seen.mean(dim=0), torch.zeros(known.shape[-1]), atol=1e-3)
    normalised = nn.functional.layer_norm(known, known.shape[-1:]).flatten(0, 2)
    varying = normalised.var(dim=0) > 1e-4  # what hardly varies is not blown up
    assert varying.sum() > known.shape[-1] / 2
    assert torch.allclose(seen.var(dim=0, correction=0)[varying], torch.ones(int(varying.sum())), atol=1e-2)
    assert torch.equal(features.vit_projection[0].weight, before)


def test_finer_stages_are_averaged_over_a_token():
    """A stage of stride 4 on a grid of 16 pixels: the mean over 4 x 4 of its places."""
    cnn = _cnn((1,)).eval()
    image = torch.rand(2, 3, 64, 64)
    stage = cnn.network(cnn.normalised(image))[0]
    expected = stage.unflatten(3, (4, 4)).unflatten(2, (4, 4)).mean(dim=(3, 5)).permute(0, 2, 3, 1)
    assert torch.allclose(cnn(image, cell=16), expected, atol=1e-5)


def test_spread_is_the_standard_deviation_within_a_token():
    """Stages of stride 4 and 16 on a grid of 16 pixels: the finer one alone has a spread."""
    cnn = _cnn((1, 3), spread=True).eval()
    image = torch.rand(2, 3, 64, 64)
    stage = cnn.network(cnn.normalised(image))[0]
    expected = stage.unflatten(3, (4, 4)).unflatten(2, (4, 4)).std(dim=(3, 5), correction=0).permute(0, 2, 3, 1)
    found = cnn(image, cell=16)
    assert found.shape[-1] == cnn.channels(cell=16) == 2 * cnn.channels_of[0] + cnn.channels_of[1]
    assert torch.allclose(found[..., -cnn.channels_of[0] :], expected, atol=2e-3)  # the floor under the root


def test_spread_is_as_exact_in_bfloat16_as_what_it_is_taken_of():
    """A stage whose channels lie high over a little texture: its squares differ in digits that bfloat16 lacks."""
    stage = (8 + 0.2 * torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))).bfloat16()
    found = _spread(stage, 4)
    expected = stage.float().unflatten(3, (4, 4)).unflatten(2, (4, 4)).std(dim=(3, 5), correction=0)
    assert found.dtype == torch.bfloat16
    assert torch.allclose(found.float(), expected, rtol=0.02)


def test_each_branch_has_its_own_normalisation():
    image = torch.full((1, 3, 16, 16), 0.5)
    assert torch.equal(_vit().normalised(image), torch.zeros(1, 3, 16, 16))
    channels = _cnn().normalised(image)[0, :, 0, 0]
    imagenet = (0.5 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
    assert torch.allclose(channels, imagenet)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("fusion", ["add", "concat", "deform"])
def test_features_do_not_depend_on_the_rest_of_the_batch(training, fusion, view):
    features = _both(fusion).train(training)
    alone = features(View(view.image[:1])).features
    others = features(View(torch.cat([view.image[:1], torch.rand_like(view.image) * 3]))).features
    assert torch.allclose(alone[0], others[0], atol=1e-5)


def test_a_pair_of_equal_images_has_equal_features_in_training(view):
    """Nothing random (drop-path, dropout) may tell reference from distorted."""
    features = _both().train()
    first, second = features(View(torch.cat([view.image, view.image]))).features.chunk(2)
    assert torch.allclose(first, second, atol=1e-6)


def test_batchnorm_stays_frozen_in_training(view):
    features = _both().train()
    norms = [m for m in features.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    before = [(norm.running_mean.clone(), norm.running_var.clone()) for norm in norms]
    features(view).features.sum().backward()
    assert norms
    assert not any(norm.training for norm in norms)
    for norm, (mean, var) in zip(norms, before, strict=True):
        assert torch.equal(norm.running_mean, mean)
        assert torch.equal(norm.running_var, var)
    assert features.cnn.network.training  # and nothing else is


def test_batchnorm_is_frozen_as_built():
    """Lightning calls no ``train()``: what is built is what is trained."""
    features = _both()
    assert features.cnn.network.training
    assert not any(m.training for m in features.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm))
    frozen = _both(cnn=True)
    assert not any(module.training for module in frozen.cnn.modules())


def test_a_frozen_branch_gets_no_gradient_and_stays_in_evaluation(view):
    features = _both(cnn=True).train()
    features(view).features.square().sum().backward()
    assert features.frozen == ["cnn"]
    assert not any(module.training for module in features.cnn.modules())
    assert all(p.grad is None and not p.requires_grad for p in features.cnn.parameters())
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in features.vit.parameters())
    assert features.cnn_projection[1].weight.grad.abs().sum() > 0


def test_known_features_take_the_place_of_a_branch(view):
    features = _both(cnn=True).eval()
    known = features.branch_features(view.image, leave_out=["vit"])
    assert list(known) == ["cnn"]
    assert torch.equal(features(View(view.image, known)).features, features(view).features)
    changed = {"cnn": known["cnn"] + torch.randn_like(known["cnn"])}
    assert not torch.allclose(features(View(view.image, changed)).features, features(view).features, atol=1e-3)


def test_known_features_may_be_half_precision(view):
    features = _both(cnn=True).eval()
    known = {"cnn": features.branch_features(view.image)["cnn"].half()}
    assert torch.allclose(features(View(view.image, known)).features, features(view).features, atol=1e-2)


def test_deformable_fusion_starts_as_an_ordinary_convolution(view):
    features = _both("deform").eval()
    vit, cnn = torch.randn(2, 1, 4, 6, 32)
    plain = nn.functional.conv2d(cnn.permute(0, 3, 1, 2), features.sample.weight, features.sample.bias, padding=1)
    assert torch.allclose(features._both(vit, cnn), vit + plain.permute(0, 2, 3, 1), atol=1e-5)


@pytest.mark.parametrize(("rows", "columns"), [(64, 72), (40, 64)])
def test_sides_that_a_token_does_not_divide(rows, columns):
    text = f"found: images of {columns}x{rows}\nexpected: sides that 16 .*divides\ndo: crop them to a multiple"
    with pytest.raises(ImageError, match=text):
        _both()(View(torch.rand(1, 3, rows, columns)))


def test_positions_are_resampled_for_any_size():
    vit = _vit()
    for rows, columns in ((32, 32), (160, 160), (48, 208)):
        assert vit(torch.rand(1, 3, rows, columns)).shape == (1, rows // 16, columns // 16, 128)


@pytest.mark.parametrize(
    ("build", "places"),
    [(_vit, []), (_vit, [3, 1]), (_vit, [1, 1]), (_vit, [6]), (_vit, [-1]), (_cnn, [5]), (_cnn, [-1, 2])],
)
def test_places_that_a_network_does_not_have(build, places):
    name, last = ("vit.blocks", 5) if build is _vit else ("cnn.stages", 4)
    with pytest.raises(ConfigError) as error:
        build(places)
    assert f"found: backbone.{name}={places}\nexpected: increasing places between 0 and {last}\ndo: leave out" in str(
        error.value
    )


@pytest.mark.parametrize("build", [_vit, _cnn])
def test_a_network_that_timm_does_not_have(build):
    branch = "vit" if build is _vit else "cnn"
    with pytest.raises(ConfigError) as error:
        build(name="test_vitt")
    assert f"found: backbone.{branch}.name=test_vitt\nexpected: the name of a" in str(error.value)
    assert f"do: set backbone.{branch}.name=test_vit" in str(error.value)


def test_a_convolutional_network_is_no_vision_transformer():
    with pytest.raises(
        ConfigError, match=r"found: backbone.vit.name=test_resnet\nexpected: the name of a.*transformer"
    ):
        _vit(name="test_resnet")
