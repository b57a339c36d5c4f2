"""Feature extraction (FE): a transformer branch for what is global, a convolutional one for what is local.

Each branch looks at a large image in tiles (see ``ksiqa.tiles``), whether its features are computed now or were kept
before. Projections and the fusions ``add`` and ``concat`` look at one token at a time; ``deform``, which looks at its
neighbours, takes tiles of the joined grid of both branches, so that it, too, is the same either way.

That there are these two branches is in KSIQA's abstract; which blocks and stages they give, and how they are fused,
is our choice. Blocks of several depths side by side: MANIQA (arXiv 2204.08958). Deformable fusion: AHIQ (arXiv
2204.10485).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.ops import DeformConv2d

from ksiqa.batch import Extracted, Features, View
from ksiqa.errors import ConfigError, ImageError, choice, whole_number
from ksiqa.model.damage import DamageReadout
from ksiqa.tiles import in_tiles
from ksiqa.weights import create_network, load_weights

Image = Float[Tensor, "batch 3 rows columns"]
SMALLEST_VARIANCE = 1e-6  # under the square root, whose slope at 0 has no end
LARGEST_POOL = 4
CELL_WITHOUT_VIT = 16  # pixels a token where no ViT sets the grid: the patch of the common ViTs


class Branch(nn.Module):
    """A timm backbone with its own normalisation. BatchNorm keeps its running statistics, so that the features of
    an image depend on no other image of the batch; a frozen branch is never trained and keeps no gradient."""

    mean: Tensor
    std: Tensor
    description: str  # network and places: with the weights and the token grid they tell the features
    network: Any  # timm's networks declare none of what is asked of them

    def __init__(self, network: nn.Module, *, frozen: bool) -> None:
        super().__init__()
        self.network, self.frozen = network, frozen
        config: Any = network.pretrained_cfg
        self.register_buffer("mean", torch.tensor(config["mean"]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(config["std"]).view(1, 3, 1, 1))
        network.requires_grad_(not frozen)
        self.train()  # Lightning trains a module in the mode that it finds it in: BatchNorm is frozen from the start

    def train(self, mode: bool = True) -> "Branch":
        """Switch to training, but for BatchNorm and all of a frozen branch."""
        super().train(mode and not self.frozen)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

    def normalised(self, image: Image) -> Image:
        """Bring RGB in [0, 1] to what the backbone was trained on."""
        return (image - self.mean) / self.std


class ViTBranch(Branch):
    """Patch tokens of several transformer blocks, side by side.

    Args:
        name: a timm vision transformer.
        weights: see ``ksiqa.weights``.
        blocks: which blocks, counted from 0; those after the last one are left out.
        pool: patches a side whose mean is a token: imagery and decoder compare all tokens with one another, so that
            twice as many patches a side cost them a sixteenth.
        shrink: by how much it sees an image made smaller, as means over pixels: the global branch looks from afar, at
            a fraction of the cost, and what is fine is left to the convolutional one (our choice; measured in
            ``experiments/livec``).
        frozen: no training.
    """

    def __init__(self, *, name: str, weights: str, blocks: Sequence[int], pool: int, shrink: int, frozen: bool) -> None:
        whole_number(pool, least=1, most=LARGEST_POOL, name="backbone.vit.pool")
        whole_number(shrink, least=1, most=LARGEST_POOL, name="backbone.vit.shrink")
        network: Any = create_network(name, branch="vit", num_classes=0, dynamic_img_size=True)
        load_weights(network, name=name, weights=weights, branch="vit")
        _check_places(blocks, count=len(network.feature_info), name="backbone.vit.blocks")
        self.pool, self.shrink = pool, shrink
        self.cell: int = network.feature_info[blocks[0]]["reduction"] * pool * shrink
        self.channels: int = sum(network.feature_info[block]["num_chs"] for block in blocks)
        self.blocks = list(blocks)
        self.description = f"{name} {self.blocks} {pool} {shrink}"
        network.prune_intermediate_layers(self.blocks, prune_norm=False, prune_head=True)
        super().__init__(network, frozen=frozen)

    def forward(self, image: Image) -> Features:
        """Return the tokens of all chosen blocks, each through the transformer's final norm, as means over patches."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            tokens = self.network.forward_intermediates(
                self.normalised(_mean(image, self.shrink)), indices=self.blocks, norm=True, intermediates_only=True
            )
            return _mean(torch.cat(tokens, dim=1), self.pool).permute(0, 2, 3, 1)


class CNNBranch(Branch):
    """Feature maps of several stages, brought to the token grid, side by side.

    Args:
        name: a timm convolutional network.
        weights: see ``ksiqa.weights``.
        stages: which stages, counted from 0 (the finest).
        spread: beside the mean of a stage over a token, its standard deviation there, where it covers several places
            of the stage: how strong texture and noise are, which the mean loses (after DISTS, arXiv 2004.07728, which
            compares such statistics; our choice here).
        frozen: no training.
    """

    def __init__(self, *, name: str, weights: str, stages: Sequence[int], spread: bool, frozen: bool) -> None:
        every_stage: Any = create_network(name, branch="cnn", features_only=True)
        _check_places(stages, count=len(every_stage.feature_info), name="backbone.cnn.stages")
        network: Any = create_network(name, branch="cnn", features_only=True, out_indices=tuple(stages))
        load_weights(network, name=name, weights=weights, branch="cnn")
        super().__init__(network, frozen=frozen)
        self.description = f"{name} {list(stages)} {spread}"
        self.strides: list[int] = network.feature_info.reduction()
        self.channels_of: list[int] = network.feature_info.channels()
        self.spread = spread

    def forward(self, image: Image, *, cell: int) -> Features:
        """Return the stages' maps on a grid of ``cell`` pixels a token: averaged where finer, then resampled."""
        grid = (image.shape[2] // cell, image.shape[3] // cell)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            maps = list(zip(self.network(self.normalised(image)), self.strides, strict=True))
            placed = [_on_grid(_mean(one, cell // stride), grid) for one, stride in maps]
            if self.spread:
                finer = [(one, cell // stride) for one, stride in maps if cell // stride > 1]
                placed += [_on_grid(_spread(one, places), grid) for one, places in finer]
            return torch.cat(placed, dim=1).permute(0, 2, 3, 1)

    def channels(self, *, cell: int) -> int:
        """Return the channels of ``forward``."""
        stages = zip(self.channels_of, self.strides, strict=True)
        return sum(count * (2 if self.spread and cell // stride > 1 else 1) for count, stride in stages)


class FeatureExtraction(nn.Module):
    """Both branches, projected to one width and fused on the token grid.

    Args:
        vit: the transformer branch, or None.
        cnn: the convolutional branch, or None (one of the two must be there).
        width: channels of the result.
        fusion: ``add`` (default), ``concat`` (a small network over both) or ``deform`` (local features are sampled
            where the global ones point, as in AHIQ).
        damage: read damage out of the frozen branches, too, wherever the model is not in training.
    """

    def __init__(
        self, *, vit: ViTBranch | None, cnn: CNNBranch | None, width: int, fusion: str, damage: bool = False
    ) -> None:
        super().__init__()
        if vit is None and cnn is None:
            raise ConfigError(
                found="backbone.vit=null and backbone.cnn=null",
                expected="at least one branch",
                do="name a timm network in backbone.vit.name or backbone.cnn.name",
            )
        self.fusion = choice(fusion, allowed=("add", "concat", "deform"), name="model.fusion")
        self.vit, self.cnn, self.width = vit, cnn, width
        self.cell = vit.cell if vit else CELL_WITHOUT_VIT
        self.pool = vit.pool * vit.shrink if vit else 1  # patches' widths a token: tiles are of as many pixels
        self.vit_projection = _projection(self._channels("vit"), width) if vit else None
        self.cnn_projection = _projection(self._channels("cnn"), width) if cnn else None
        self.damage = DamageReadout({name: self._channels(name) for name in self.frozen}) if damage else None
        if vit and cnn and fusion == "concat":
            self.mix = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, width))
        if vit and cnn and fusion == "deform":
            self.offsets = nn.Conv2d(width, 2 * 9, 3, padding=1)
            nn.init.zeros_(self.offsets.weight)  # starts as an ordinary convolution
            nn.init.zeros_(self.offsets.bias)  # type: ignore[arg-type]  # bias=True: it is there
            self.sample = DeformConv2d(width, width, 3, padding=1)
        self.norm = nn.LayerNorm(width)

    def forward(self, view: View) -> Extracted:
        """Return the fused features of a view's images and, beside training, their damage.

        Raises:
            ImageError: a side is no multiple of ``cell``.
        """
        if view.image is not None:
            self._check_sides(view.image)
        projected = {name: self._projected(name, view) for name in self._branches}
        damage = None
        if self._readout is not None:
            damage = torch.stack([projected[name][..., -1] for name in self._readout.branches]).sum(dim=0)
            projected |= {name: projected[name][..., :-1] for name in self._readout.branches}
        return Extracted(in_tiles(self._fused, *projected.values()), damage)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "FeatureExtraction":
        """Take modules along that an ensemble's members share without owning them (``ksiqa.model.ensemble``)."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch gives it no types
        for name in ("vit", "cnn", "damage"):
            shared = self.__dict__.get(name)  # a module of its own stands elsewhere
            if shared is not None:
                shared._apply(fn)
        return self

    def branch_features(self, image: Image, *, leave_out: Collection[str] = ()) -> dict[str, Features]:
        """Return the raw features of each branch by its name, but for those in ``leave_out``, of large images in
        tiles: what ``forward`` makes of them as a view's ``known`` is what it makes of the image."""
        branches = {name: branch for name, branch in self._branches.items() if name not in leave_out}
        return {name: self._tiled(branch, image) for name, branch in branches.items()}

    @torch.no_grad()
    def start_from(self, views: Iterable[View]) -> None:
        """Let every channel of the frozen branches start with mean 0 and deviation 1 over all tokens of some views, of
        which these branches' features are known: normalised over all channels alone, the few that vary most would
        drown the others, and no training of the branch can change that."""
        for name, (mean, deviation) in self.moments(views, normalised=True).items():
            norm = getattr(self, f"{name}_projection")[0]
            norm.weight.copy_(1 / deviation)
            norm.bias.copy_(-mean / deviation)

    def moments(self, views: Iterable[View], *, normalised: bool) -> dict[str, tuple[Tensor, Tensor]]:
        """Return mean and deviation of each frozen branch's channels over all tokens of some views, of which its
        features are known; ``normalised``: over all channels of a token first."""
        moments = {name: _Moments() for name in self.frozen}
        for view in views:
            for name, seen in moments.items():
                known = view.known[name].flatten(0, 2).float()
                seen.add(F.layer_norm(known, known.shape[1:]) if normalised else known)
        return {name: (seen.mean, seen.deviation) for name, seen in moments.items()}

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights that are trained."""
        return self.norm.weight.dtype

    @property
    def frozen(self) -> list[str]:
        """The names of the branches that are not trained."""
        return [name for name in self._branches if getattr(self, name).frozen]

    @property
    def learning(self) -> list[str]:
        """The names of the branches that are trained."""
        return [name for name in self._branches if name not in self.frozen]

    @property
    def _branches(self) -> dict[str, Callable[[Image], Features]]:
        branches: dict[str, Callable[[Image], Features]] = {}
        if self.vit is not None:
            branches["vit"] = self.vit
        if self.cnn is not None:
            branches["cnn"] = partial(self.cnn, cell=self.cell)
        return branches

    def _channels(self, name: str) -> int:
        branch = getattr(self, name)
        return branch.channels if isinstance(branch, ViTBranch) else branch.channels(cell=self.cell)

    @property
    def _readout(self) -> DamageReadout | None:
        return None if self.training else self.damage

    def _tiled(self, function: Callable[[Image], Features], image: Image) -> Features:
        pixels = image.permute(0, 2, 3, 1)
        return in_tiles(lambda tile: function(tile.permute(0, 3, 1, 2)), pixels, cell=self.cell, pool=self.pool)

    def _check_sides(self, image: Image) -> None:
        rows, columns = image.shape[2:]
        if rows % self.cell or columns % self.cell:
            raise ImageError(
                found=f"images of {columns}x{rows}",
                expected=f"sides that {self.cell} (the pixels a token covers) divides",
                do="crop them to a multiple of it",
            )

    def _projected(self, name: str, view: View) -> Features:
        """Project a branch within each tile: its raw features, many times wider, are never held of a whole image."""
        projection, damage = getattr(self, f"{name}_projection"), self._readout

        def project(raw: Tensor) -> Features:
            raw = raw.to(self.dtype)
            tokens = projection(raw)
            if damage is None or name not in damage.branches:
                return tokens
            return torch.cat([tokens, damage(raw, branch=name)], dim=-1)

        if name in view.known:
            return in_tiles(project, view.known[name])
        assert view.image is not None  # see View: its features would be known
        branch = self._branches[name]
        return self._tiled(lambda image: project(branch(image)), view.image)

    def _fused(self, *projected: Features) -> Features:
        return self.norm(projected[0] if len(projected) == 1 else self._both(*projected))

    def _both(self, vit: Features, cnn: Features) -> Features:
        if self.fusion == "add":
            return vit + cnn
        if self.fusion == "concat":
            return self.mix(torch.cat([vit, cnn], dim=-1))
        offsets = self.offsets(vit.permute(0, 3, 1, 2))
        return vit + self.sample(cnn.permute(0, 3, 1, 2), offsets).permute(0, 2, 3, 1)


class _Moments:
    """Mean and deviation of channels over rows that come in parts."""

    def __init__(self) -> None:
        self.count, self.sum, self.squares = 0, torch.zeros(()).double(), torch.zeros(()).double()

    def add(self, rows: Float[Tensor, "rows channels"]) -> None:
        self.count += len(rows)
        self.sum = self.sum + rows.double().sum(dim=0)
        self.squares = self.squares + rows.double().square().sum(dim=0)

    @property
    def mean(self) -> Float[Tensor, " channels"]:
        return self.sum / self.count

    @property
    def deviation(self) -> Float[Tensor, " channels"]:
        return (self.squares / self.count - self.mean.square()).clamp(min=SMALLEST_VARIANCE).sqrt()


def _projection(channels: int, width: int) -> nn.Module:
    return nn.Sequential(nn.LayerNorm(channels), nn.Linear(channels, width))


def _mean(stage: Tensor, places: int) -> Tensor:
    return F.avg_pool2d(stage, places, ceil_mode=True) if places > 1 else stage


def _spread(stage: Tensor, places: int) -> Tensor:
    exact = stage.to(torch.promote_types(stage.dtype, torch.float32))  # bfloat16 loses what remains of near squares
    variance = _mean(exact.square(), places) - _mean(exact, places).square()
    return (variance.clamp(min=0) + SMALLEST_VARIANCE).sqrt().to(stage.dtype)


def _on_grid(stage: Tensor, grid: tuple[int, int]) -> Tensor:
    return F.interpolate(stage, size=grid, mode="bilinear", align_corners=False)


def _check_places(places: Sequence[int], *, count: int, name: str) -> None:
    if not places or list(places) != sorted(set(places)) or places[0] < 0 or places[-1] >= count:
        raise ConfigError(
            found=f"{name}={list(places)}",
            expected=f"increasing places between 0 and {count - 1}",
            do=f"leave out what the network does not have (it has {count})",
        )
