"""Features of frozen backbones, computed once and kept on disk, so that training never runs these backbones again."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float16
from rich.progress import track
from torch import Tensor

from ksiqa.data.image_pairs import Draw, ImagePairs, collated
from ksiqa.files import write_whole

Extractor = Callable[[Tensor], Mapping[str, Tensor]]
"""From bytes (images 3 rows columns) to each frozen branch's features (images height width channels)."""
Index = dict[str, dict[str, tuple[int, list[int]]]]
"""Draw, then branch, to the place of the first number and the shape."""


class FrozenFeatures:
    """Reads what ``keep_features`` wrote: half-precision features by draw, memory-mapped."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self.index: dict[str, Index] = {
            side: json.loads((folder / "index.json").read_text()) for side, folder in folders.items()
        }
        self.values = {
            side: np.memmap(folder / "features.bin", dtype=np.float16, mode="r") for side, folder in folders.items()
        }

    def get(self, draw: Draw, *, reference: bool) -> dict[str, Float16[Tensor, "views height width channels"]]:
        """Return the features of a draw's distorted or reference views, by branch."""
        side = "reference" if reference else "distorted"
        features = {}
        for branch, (start, shape) in self.index[side][_key(draw)].items():
            values = self.values[side][start : start + int(np.prod(shape))].reshape(shape)
            features[branch] = torch.from_numpy(np.array(values))
        return features


def keep_features(
    dataset: ImagePairs, *, batches: Iterable[list[Draw]], extractor: Extractor, fingerprint: str, cache: Path
) -> FrozenFeatures:
    """Compute the frozen features of all given draws, unless the cache has them, and open them.

    Args:
        dataset: whose draws; references count where it has them.
        batches: draws of one size together; each draw once.
        extractor: the frozen branches.
        fingerprint: of the frozen weights.
        cache: a folder; the features of these images and these weights get a folder of their own in it.
    """
    home = cache / "features" / _digest(dataset, fingerprint)
    referenced = dataset.with_reference and dataset.source.table.frame["reference"].notna().any()
    sides = ("distorted", "reference") if referenced else ("distorted",)
    for side in sides:
        if not (home / side / "index.json").exists():  # written last: with it the features are whole
            _compute(dataset, list(batches), extractor, side=side, folder=home / side)
    return FrozenFeatures({side: home / side for side in sides})


def weights_fingerprint(state: Mapping[str, Tensor], *, settings: str) -> str:
    """Return a digest of weights and of what else tells the features: the network, its places, the token grid."""
    digest = hashlib.sha256(settings.encode())
    for name, value in sorted(state.items()):
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _compute(dataset: ImagePairs, batches: list[list[Draw]], extractor: Extractor, *, side: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    index: Index = {}
    with write_whole(folder / "features.bin", "wb") as file:
        for draws in track(batches, description=f"frozen features, {side}", transient=True):
            samples = {draw: dataset[draw] for draw in draws}
            seen = [draw for draw in draws if getattr(samples[draw], side) is not None]  # some may lack a reference
            if not seen:
                continue
            batch = collated([samples[draw] for draw in seen])
            for branch, features in extractor(getattr(batch, side).image).items():
                shape = (len(seen), batch.views, *features.shape[1:])
                half = features.to(torch.float16).cpu().reshape(shape).contiguous().numpy()
                for draw, values in zip(seen, half, strict=True):
                    index.setdefault(_key(draw), {})[branch] = (file.tell() // values.itemsize, list(values.shape))
                    file.write(values.tobytes())
    with write_whole(folder / "index.json") as file:
        json.dump(index, file)


def _key(draw: Draw) -> str:
    return f"{draw.place}.{draw.number}"


def _digest(dataset: ImagePairs, fingerprint: str) -> str:
    parts = (dataset.source.fingerprint, dataset.rows, dataset.views, dataset.short_side, dataset.seed, fingerprint)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]
