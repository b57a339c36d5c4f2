"""Features of frozen backbones, computed once and kept on disk, so that training never runs these backbones again."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from jaxtyping import Float16
from rich.progress import track
from torch import Tensor

from ksiqa.batch import Batch
from ksiqa.data.image_pairs import Draw, ImagePairs, collated
from ksiqa.files import write_whole

Extractor = Callable[[Tensor], Mapping[str, Tensor]]
"""From bytes (images 3 rows columns) to each frozen branch's features (images height width channels)."""
Index = dict[str, dict[str, tuple[int, list[int]]]]
"""Draw, then branch, to the place of the first number and the shape."""


class FrozenFeatures:
    """Reads what ``keep_features`` wrote: half-precision features by draw, memory-mapped."""

    def __init__(self, folder: Path) -> None:
        self.index: Index = json.loads((folder / "index.json").read_text())
        self.values = np.memmap(folder / "features.bin", dtype=np.float16, mode="r")

    def get(
        self, draw: Draw, *, reference: bool
    ) -> dict[str, Float16[Tensor, "views height width channels"]]:
        """Return the features of a draw's distorted or reference views, by branch."""
        features = {}
        for branch, (start, shape) in self.index[_key(draw, reference=reference)].items():
            values = self.values[start : start + int(np.prod(shape))].reshape(shape)
            features[branch] = torch.from_numpy(np.array(values))
        return features


def keep_features(
    dataset: ImagePairs, *, batches: Iterable[list[Draw]], extractor: Extractor, fingerprint: str, cache: Path
) -> FrozenFeatures:
    """Compute the frozen features of all given draws, unless the cache has them, and open them.

    Args:
        dataset: whose draws.
        batches: draws of one size together; each draw once.
        extractor: the frozen branches.
        fingerprint: of the frozen weights.
        cache: a folder; the features of this dataset and these weights get a folder of their own in it.
    """
    folder = cache / "features" / _digest(dataset, fingerprint)
    if not (folder / "index.json").exists():  # written last: with it the features are whole
        folder.mkdir(parents=True, exist_ok=True)
        index: Index = {}
        with write_whole(folder / "features.bin", "wb") as file:
            for draws in track(list(batches), description="frozen features", transient=True):
                batch = collated([dataset[draw] for draw in draws])
                _append(file, index, draws, batch, extractor)
        with write_whole(folder / "index.json") as file:
            json.dump(index, file)
    return FrozenFeatures(folder)


def weights_fingerprint(state: Mapping[str, Tensor]) -> str:
    """Return a digest of weights."""
    digest = hashlib.sha256()
    for name, value in sorted(state.items()):
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _append(file: BinaryIO, index: Index, draws: list[Draw], batch: Batch, extractor: Extractor) -> None:
    for reference, view in ((False, batch.distorted), (True, batch.reference)):
        if view is None:
            continue
        for branch, features in extractor(view.image).items():
            half = (
                features.to(torch.float16).cpu().unflatten(0, (len(draws), batch.views)).contiguous().numpy()
            )
            for draw, values in zip(draws, half, strict=True):
                entry = index.setdefault(_key(draw, reference=reference), {})
                entry[branch] = (file.tell() // 2, list(values.shape))  # two bytes a number
                file.write(values.tobytes())


def _key(draw: Draw, *, reference: bool) -> str:
    return f"{draw.place}.{draw.number}{'r' if reference else ''}"


def _digest(dataset: ImagePairs, fingerprint: str) -> str:
    parts = (
        *(dataset.source.fingerprint, dataset.rows, dataset.views, dataset.short_side, dataset.seed),
        *(dataset.with_reference, fingerprint),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]
