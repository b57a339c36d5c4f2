"""The order in which images are drawn, a function of seed and epoch alone: nothing to save, nothing to lose."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

from ksiqa.data.image_pairs import Draw


class SeededOrder(Sampler[Draw]):
    """Draws of training: permutations one after another, each image once in each.

    Args:
        size: images.
        draws: draws an epoch; more or fewer than ``size`` where the source accompanies another one (rehearsal). The
            next epoch goes on where this one ended, so that every image is seen equally often.
        seed: of the permutations.
    """

    def __init__(self, *, size: int, draws: int, seed: int) -> None:
        self.size, self.draws, self.seed, self.epoch = size, draws, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next (Lightning does)."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.draws

    def __iter__(self) -> Iterator[Draw]:
        first = self.epoch * self.draws
        for number in range(first // self.size, (first + self.draws - 1) // self.size + 1):
            order = np.random.default_rng([self.seed, number]).permutation(self.size)
            start = max(first - number * self.size, 0)
            stop = min(first + self.draws - number * self.size, self.size)
            yield from (Draw(int(place), number) for place in order[start:stop])


class SameSizeBatches(Sampler[list[Draw]]):
    """Batches for scoring: every image once, images of one size together.

    Args:
        sizes: a hashable size of each image, in the dataset's order.
        batch_size: images a batch.
    """

    def __init__(self, *, sizes: Sequence[tuple[int, int]], batch_size: int) -> None:
        places: dict[tuple[int, int], list[int]] = {}
        for place, size in enumerate(sizes):
            places.setdefault(size, []).append(place)
        self.batches = [
            [Draw(place, 0) for place in group[start : start + batch_size]]
            for group in places.values()
            for start in range(0, len(group), batch_size)
        ]

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[Draw]]:
        return iter(self.batches)
