"""Features of frozen backbones, computed once and kept on disk, so that training never runs these backbones again."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float16
from numpy import ndarray
from rich.progress import track
from torch import Tensor

from ksiqa.data.image_pairs import Draw, ImagePairs
from ksiqa.data.views import TrainingViews
from ksiqa.files import write_whole

Extractor = Callable[[Tensor], Mapping[str, Tensor]]
"""From bytes (images 3 rows columns) to each frozen branch's features (images height width channels)."""
Index = dict[str, dict[str, tuple[int, list[int]]]]
"""A draw's key, then branch, to the place of the first number in the file and the shape."""


class FrozenFeatures:
    """Reads what ``keep_features`` wrote: half-precision features by draw, memory-mapped.

    Args:
        sides: the folder of the distorted images' features, and of their references' where there are some.
        complete: no branch is left that wants pixels.
    """

    def __init__(self, sides: Mapping[str, Path], *, complete: bool) -> None:
        self.complete = complete
        self._found: dict[str, dict[str, dict[str, ndarray]]] = {side: _found(home) for side, home in sides.items()}

    def get(self, key: str, *, reference: bool) -> dict[str, Float16[Tensor, "views height width channels"]]:
        """Return the features of a draw's distorted or reference views, by branch."""
        found = self._found["reference" if reference else "distorted"][key]
        return {branch: torch.from_numpy(np.array(values)) for branch, values in found.items()}


def keep_features(
    dataset: ImagePairs, *, draws: Sequence[Draw], extractor: Extractor, fingerprint: str, complete: bool, cache: Path
) -> FrozenFeatures:
    """Compute the frozen features of draws that the cache lacks, and open it.

    Each draw is computed alone: its features depend on no other image, so that splits of a set share a folder.

    Args:
        dataset: whose draws; references count where it has them.
        draws: each once.
        extractor: the frozen branches.
        fingerprint: of the frozen weights.
        complete: ``extractor`` gives all that training wants of an image.
        cache: a folder; the features of this source by these views and these weights get a folder of their own in it.
    """
    home = cache / "features" / _digest(dataset, fingerprint)
    referenced = [draw for draw in draws if dataset.has_reference(dataset.rows[draw.place])]
    sides = {"distorted": draws, "reference": referenced} if referenced else {"distorted": draws}
    for side, wanted in sides.items():
        there = _found(home / side)
        lacking = [draw for draw in wanted if dataset.key(draw) not in there]
        if lacking:
            _compute(dataset, lacking, extractor, side=side, folder=home / side)
    return FrozenFeatures({side: home / side for side in sides}, complete=complete)


def weights_fingerprint(state: Mapping[str, Tensor], *, settings: str) -> str:
    """Return a digest of weights and of what else tells the features: the network, its places, the token grid."""
    digest = hashlib.sha256(settings.encode())
    for name, value in sorted(state.items()):
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _found(home: Path) -> dict[str, dict[str, ndarray]]:
    """Return the features that a folder's files hold, by a draw's key and branch, mapped and not read."""
    found: dict[str, dict[str, ndarray]] = {}
    for written in sorted(home.glob("*.json")):
        values = np.memmap(written.with_suffix(".bin"), dtype=np.float16, mode="r")
        index: Index = json.loads(written.read_text())
        for key, branches in index.items():
            found[key] = {
                branch: values[start : start + math.prod(shape)].reshape(shape)
                for branch, (start, shape) in branches.items()
            }
    return found


def _compute(dataset: ImagePairs, draws: Sequence[Draw], extractor: Extractor, *, side: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    index: Index = {}
    name = hashlib.sha256(repr([dataset.key(draw) for draw in draws]).encode()).hexdigest()[:20]
    with write_whole(folder / f"{name}.bin", "wb") as file:
        for draw in track(draws, description=f"frozen features, {side}", transient=True):
            image = getattr(dataset[draw], side).image
            for branch, features in extractor(image).items():
                values = features.to(torch.float16).cpu().contiguous().numpy()
                index.setdefault(dataset.key(draw), {})[branch] = (file.tell() // values.itemsize, list(values.shape))
                file.write(values.tobytes())
    with write_whole(folder / f"{name}.json") as file:  # written last: with it the features are whole
        json.dump(index, file)


def _digest(dataset: ImagePairs, fingerprint: str) -> str:
    seed = dataset.seed if isinstance(dataset.views, TrainingViews) else 0  # views of scoring are the same for all
    parts = (dataset.source.fingerprint, dataset.views.of_crops, dataset.short_side, seed, fingerprint)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]
