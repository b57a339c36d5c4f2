"""Measure peers on the same parts of LIVEC: rows `peer-NAME` in results.csv, and their scores.

    python experiments/livec/peers.py --livec ChallengeDB_release --vit FILE --cnn FILE \
        [--peers maniqa hyperiqa] [--parts folds] [--splits 0 1 …] [--seeds 0] [--frozen] [--tries 0 1 …]

Photographs, splits, crops and figures are ksiqa's DataModule's, weights of backbones are those that KSIQA has, and the
last epoch is tested, on fixed crops. Rows that are there are left out. With `--tries` a recipe is looked for instead,
on the validation parts of recipes.py: rows go to recipes.csv beside results.csv, and no test part is scored.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import lightning.pytorch as lightning
import pandas as pd
import recipes
import torch
from kept import COLUMNS, PLACES, code, hardware, images, keep, key_of, name_of, rows
from measure import HERE, composed
from omegaconf import DictConfig
from peer_networks import PEERS, SIDE, Peer, Seen
from torch import Tensor
from variants import MARK, PARTS

from ksiqa import build
from ksiqa.batch import View
from ksiqa.command import errors_as_text
from ksiqa.data.datamodule import QualityData
from ksiqa.data.fingerprint import data_fingerprint
from ksiqa.data.image_pairs import Draw
from ksiqa.loss.regression import mse, plcc
from ksiqa.metric.agreement import agreement
from ksiqa.provenance import provenance
from ksiqa.recipe import fingerprint
from ksiqa.report.run_folder import described
from ksiqa.task.scored_part import over_views
from ksiqa.training.settle import settled

Loss = Callable[[Tensor, Tensor], Tensor]
LOSSES: Mapping[str, Loss] = {
    "mse": mse,  # MANIQA's own; not tried yet
    "mae": torch.nn.functional.l1_loss,  # HyperIQA's own
    "plcc": lambda score, label: plcc(score, label) + 0.1 * mse(score, label),  # the plain trunk's
}


class Recipe(NamedTuple):
    """How a peer learns. An epoch sees a crop of each photograph; the learning rate falls to 0 as a cosine."""

    short_side: int  # to which photographs are made smaller
    loss: str
    lr: float
    epochs: int
    batch_size: int
    grid: int  # crops a direction that are tested
    backbone_lr: float = 1e-5  # where backbones learn
    weight_decay: float = 1e-2
    crops: int = 4  # of a photograph, where backbones are frozen
    standardise: bool = True  # channels of what frozen backbones say, over the training part


FAR = Recipe(short_side=224, grid=1, crops=1, loss="plcc", lr=1e-4, epochs=4, batch_size=8, standardise=False)
NEAR = FAR._replace(short_side=500, grid=3, crops=4, standardise=True)
PATCHES = Recipe(short_side=500, grid=3, crops=9, loss="mae", lr=2e-4, epochs=72, batch_size=32, standardise=False)
TRIES = {
    "maniqa": [
        FAR,
        NEAR,
        NEAR._replace(lr=3e-4, epochs=6),
        NEAR._replace(lr=3e-5, epochs=6),
        NEAR._replace(lr=3e-5, epochs=12),
    ],
    "hyperiqa": [
        PATCHES,
        PATCHES._replace(loss="plcc"),
        PATCHES._replace(loss="plcc", lr=1e-3),
        PATCHES._replace(short_side=224, grid=1, crops=1, loss="plcc"),
        PATCHES._replace(standardise=True),
        PATCHES._replace(loss="plcc", standardise=True),
    ],
}
CHOSEN = {"maniqa": TRIES["maniqa"][4], "hyperiqa": TRIES["hyperiqa"][4]}  # recipes.csv: of frozen backbones
CODE = 1  # to be raised when a recipe comes to mean something else
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Standard(NamedTuple):
    """Mean and deviation of each channel of a stage."""

    mean: Tensor
    deviation: Tensor

    def __call__(self, values: Tensor) -> Tensor:
        """Return the values with mean 0 and deviation 1."""
        return (values - self.mean) / self.deviation


class Tested(NamedTuple):
    """Scores of a part by image, and their figures."""

    scores: pd.Series
    figures: dict[str, float | None]


def main(arguments: Sequence[str] | None = None) -> None:
    """Make what is missing."""
    options = parsed(arguments)
    if options.tries is not None:
        for name, at in product(options.peers, options.tries):
            if at < len(TRIES[name]):
                look(name, at, options)
        return
    for part, seed, split, name in product(options.parts, options.seeds, range(len(PARTS["folds"])), options.peers):
        if options.splits is None or split in options.splits:
            measure(name, part=part, split=split, seed=seed, options=options)


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--livec", type=Path, required=True)
    add("--vit", required=True, help="file of weights, or random")
    add("--cnn", required=True, help="file of weights, or random")
    add("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    add("--parts", nargs="+", choices=["random", "folds"], default=["folds"])
    add("--splits", nargs="+", type=int, help="default: all of each part")
    add("--seeds", nargs="+", type=int, default=[0])
    add("--frozen", action="store_true", help=f"frozen backbones; rows are named {MARK}peer-NAME")
    add("--tries", nargs="+", type=int, help="of TRIES, on splits 1 and 2 unless --splits are told")
    add("--also", nargs="+", default=[], metavar="OVERRIDE", help="of the data, part of the recipe")
    add("--home", type=Path, default=HERE, help="where results.csv and predictions/ lie")
    return parser.parse_args(arguments)


def look(name: str, at: int, options: argparse.Namespace) -> None:
    """Try a recipe on validation parts, and keep what came of it."""
    recipe, file = TRIES[name][at], options.home / recipes.FILE.name
    told = " ".join([*(f"{key}={value}" for key, value in recipe._asdict().items()), *options.also])
    for split in options.splits or [1, 2]:
        key = {"variant": named(name, options), "try": told, "split": str(split)}
        if any(all(row[column] == value for column, value in key.items()) for row in recipes.rows(file)):
            continue
        started = time.monotonic()
        config = config_of(recipe, [*recipes.VALIDATED, f"split.index={split}"], seed=0, options=options)
        data = data_of(config)
        found = tested(trained(name, recipe, data, config=config, options=options), data, part="validation")
        figures = {"validation/srcc": f"{found.figures['srcc']:.4f}", "seconds": f"{time.monotonic() - started:.0f}"}
        recipes.keep({**key, **figures, "commit": code(provenance()), "hardware": hardware()}, file)
        print(*key.values(), figures["validation/srcc"], flush=True)


def measure(name: str, *, part: str, split: int, seed: int, options: argparse.Namespace) -> None:
    """Train and test, and keep the row."""
    recipe = CHOSEN[name]
    config = config_of(recipe, [f"split.source={part}", f"split.index={split}"], seed=seed, options=options)
    key = {"variant": named(name, options), "part": part, "split": split, "seed": seed}
    key["recipe"] = recipe_of(name, recipe, config=config, options=options)
    if key_of(key) in {key_of(row) for _, row in rows(options.home).iterrows()}:
        return
    started = time.monotonic()
    data = data_of(config)
    found = tested(trained(name, recipe, data, config=config, options=options), data, part="test")
    told = {
        **{f"test/{figure}": value for figure, value in found.figures.items()},
        **described([data]),
        **images({"data_fingerprint": {data.name: data_fingerprint(data.source)}}),
        **{"seconds": round(time.monotonic() - started, 1), "hardware": hardware(), "commit": code(provenance())},
        **{"split.source": part, "split.index": split, "fr": False},
    }
    row = {**dict.fromkeys(COLUMNS), **told, **key}
    keep(options.home, {column: row[column] for column in COLUMNS}, found.scores.round(PLACES))
    print(f"{' '.join(map(str, key.values()))}: SRCC {row['test/srcc']:.4f} in {row['seconds']} s", flush=True)


def recipe_of(name: str, recipe: Recipe, *, config: DictConfig, options: argparse.Namespace) -> str:
    """Return the fingerprint of all that a row comes of but its split and seed."""
    kind = PEERS[name]
    peer = {"name": name, "places": kind.places, "origin": kind.origin(), "code": CODE, "frozen": options.frozen}
    peer |= {"weights": Path(weights_of(name, options)).name, **recipe._asdict()}
    return fingerprint({"data": build.plain(config.data), "split": build.plain(config.split), "peer": peer})


def weights_of(name: str, options: argparse.Namespace) -> str:
    """Return the file of a peer's backbone."""
    file: str = options.vit if PEERS[name].branch == "vit" else options.cnn
    return file


def named(name: str, options: argparse.Namespace) -> str:
    """Return a peer's name in tables."""
    return f"{MARK if options.frozen else ''}peer-{name}"


def config_of(recipe: Recipe, split: Sequence[str], *, seed: int, options: argparse.Namespace) -> DictConfig:
    """Compose the config of LIVEC as a peer sees it."""
    told = [
        *("+experiment=livec", f"data.root={options.livec.absolute()}", f"seed={seed}", *split),
        *(f"data.crop={SIDE}", f"data.short_side={recipe.short_side}", f"data.batch_size={recipe.batch_size}"),
        *("data.views.kind=grid", f"data.views.grid={recipe.grid}"),
        f"data.distinct_crops={recipe.crops if options.frozen else 'null'}",
    ]
    machine = argparse.Namespace(**{**vars(options), "jobs": 1, "strategy": "cpu"})  # as measure.py's options are
    return settled(composed(told, machine))


def data_of(config: DictConfig) -> QualityData:
    """Build LIVEC of a config."""
    source = build.image_source(config.data)
    return build.quality_data(config.data, source=source, split=config.split, seed=config.seed, cell=1)


def trained(name: str, recipe: Recipe, data: QualityData, *, config: DictConfig, options: argparse.Namespace) -> Peer:
    """Train a peer on the training part to the last epoch."""
    lightning.seed_everything(config.seed, verbose=False)
    peer = PEERS[name](weights_of(name, options)).to(DEVICE)
    peer.backbone.requires_grad_(not options.frozen)
    if options.frozen:
        keep_seen(peer, data, cache=Path(config.cache).expanduser(), test=options.tries is None)
        if recipe.standardise:
            standardise(peer, data)
    groups = [{"params": [*peer.network.parameters()], "lr": recipe.lr}]
    groups += [] if options.frozen else [{"params": [*peer.backbone.parameters()], "lr": recipe.backbone_lr}]
    optimiser = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
    batches, loss_of = data.train_dataloader(), LOSSES[recipe.loss]
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=recipe.epochs * len(batches))
    for epoch in range(recipe.epochs):
        peer.train()
        peer.backbone.eval()  # its statistics stay those of its weights
        batches.order.sampler.set_epoch(epoch)
        for batch in batches:
            loss = loss_of(peer(seen(peer, batch.distorted)), batch.score.to(DEVICE))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            falling.step()
    return peer.eval()


def keep_seen(peer: Peer, data: QualityData, *, cache: Path, test: bool) -> None:
    """Let a frozen backbone look at all crops once, or find in the cache what it said."""
    data.keep_frozen(
        branches=peer.backbone.state_dict(),
        settings=f"{type(peer).__name__} {peer.origin()} {peer.places} {peer.mean.tolist()} {peer.std.tolist()}",
        extractor=lambda pixels: without_gradient(peer, pixels),
        complete=True,
        cache=cache,
        test=test,
    )


def standardise(peer: Peer, data: QualityData) -> None:
    """Bring each channel of what is seen of the training part to mean 0 and deviation 1, by each photograph's first
    crop."""
    dataset, sums = data.parts["train"], dict[str, Tensor]()
    for place in range(len(dataset)):
        for stage, features in dataset[Draw(place, 0)].distorted.known.items():
            values = features.double().flatten(0, 2)
            moments = torch.stack([values.mean(dim=0), values.square().mean(dim=0)])
            sums[stage] = sums.get(stage, torch.zeros_like(moments)) + moments
    for stage, (mean, square) in ((stage, total / len(dataset)) for stage, total in sums.items()):
        deviation = (square - mean.square()).clamp(min=1e-12).sqrt()
        peer.standard[stage] = Standard(mean.float().to(DEVICE), deviation.float().to(DEVICE))


@torch.no_grad()
def without_gradient(peer: Peer, pixels: Tensor) -> Seen:
    """Return what a backbone that is not trained says of bytes."""
    return peer.eval().see(pixels.to(DEVICE) / 255)


def seen(peer: Peer, view: View) -> Seen:
    """Return what a peer's backbone says of crops, or has said."""
    if view.known:
        found = {stage: features.to(DEVICE).float() for stage, features in view.known.items()}
        return {stage: peer.standard[stage](values) for stage, values in found.items()} if peer.standard else found
    assert view.image is not None
    return peer.see(view.image.to(DEVICE) / 255)


@torch.no_grad()
def tested(peer: Peer, data: QualityData, *, part: str) -> Tested:
    """Score a part: the mean over the crops of each photograph."""
    found = []
    for batch in data.scored(part):
        score = peer(seen(peer, batch.distorted))
        found.append((batch.row, over_views(score, batch.views).double().cpu()))
    row, score = (torch.cat(values).numpy() for values in zip(*found, strict=True))
    figures = agreement(score, data.table.scores[row], unit=data.unit).as_dict("")
    image = data.table.frame["image"].iloc[row].map(name_of)
    return Tested(pd.Series(score, index=pd.Index(image, name="image")), figures)


if __name__ == "__main__":
    with errors_as_text():
        main()
