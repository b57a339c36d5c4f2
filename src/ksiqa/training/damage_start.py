"""What the readout of damage is fitted to: how features change from one copy of a photograph to the next worse one."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from ksiqa.data.datamodule import QualityData
from ksiqa.data.image_pairs import Draw, ImagePairs
from ksiqa.data.synthetic.families import FAMILIES
from ksiqa.data.synthetic.synthetic_images import SyntheticImages
from ksiqa.errors import ConfigError
from ksiqa.model.damage import DamageReadout

BRANCH = "cnn"  # that is looked at
LOSSY = ("blur", "compression", "noise")  # groups of which each level takes away more than the one before


def start_damage(readout: DamageReadout, *, pairs: QualityData, target: QualityData) -> None:
    """Fit it to the training part of ``pairs``, and scale it to that of ``target``. No score takes part but the
    pseudo-scores that order copies.

    Raises:
        ConfigError: no copies of photographs that are damaged step by step.
    """
    found = list(steps(pairs)) if isinstance(pairs.source, SyntheticImages) else []
    if not found:
        raise ConfigError(
            found=f"model.damage_weight above 0 with pairs of {pairs.name}",
            expected=f"photographs distorted at several levels by families of the groups {', '.join(LOSSY)}",
            do="set model.damage_weight=0, or +data@pairs=folder pairs.root=PHOTOGRAPHS",
        )
    images = target.parts["train"]
    readout.start_from(torch.stack(found), torch.stack([_mean(images, place) for place in range(len(images))]))


def steps(pairs: QualityData) -> Iterator[Float[Tensor, " channels"]]:
    """Yield how mean features change from a photograph to its best copy by a distortion, and from each copy to the next
    worse one. Each copy is cut at a place of its own: what counts is how it differs from its reference, cut alike."""
    dataset, table = pairs.parts["train"], pairs.table
    rows = table.frame.iloc[dataset.rows].reset_index(drop=True).assign(score=table.scores[dataset.rows])
    lossy = rows[[name is not None and FAMILIES[name].group in LOSSY for name in rows["distortion"]]]
    for _, copies in lossy.groupby(["content", "distortion"]):
        falling = copies.sort_values("score", ascending=False, kind="stable").index
        lost = [_mean(dataset, place) - _mean(dataset, place, reference=True) for place in falling]
        for better, worse in pairwise([torch.zeros_like(lost[0]), *lost]):
            yield worse - better


def _mean(dataset: ImagePairs, place: int, *, reference: bool = False) -> Float[Tensor, " channels"]:
    """Return the mean over all tokens of a view's first crop."""
    assert dataset.known is not None  # a frozen branch's features are: see ``assemble``
    known = dataset.known.get(dataset.key(Draw(place, 0)), reference=reference)
    return known[BRANCH].float().mean(dim=(0, 1, 2))
