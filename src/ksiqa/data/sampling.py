"""The order in which images are drawn, a function of seed and epoch alone: nothing to save, nothing to lose.

Where several processes train one model, each draws its share of the same order.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch.distributed
from torch.utils.data import Sampler

from ksiqa.data.image_pairs import Draw
from ksiqa.errors import ConfigError


class SeededOrder(Sampler[Draw]):
    """Draws of training: permutations one after another, each image once in each.

    Args:
        size: images.
        draws: draws an epoch of all processes together; more or fewer than ``size`` where the source accompanies
            another one (rehearsal, a mix). The next epoch goes on where this one ended, so that every image is seen
            equally often.
        seed: of the permutations.
        phase: of the training, counted from 0; each has permutations and crops of its own.
        contents: of the images, where those of one content shall come one after another; None: in any order.
        run: how many of one content.
    """

    def __init__(
        self,
        *,
        size: int,
        draws: int,
        seed: int,
        phase: int = 0,
        contents: Sequence[str] | None = None,
        run: int = 1,
    ) -> None:
        self.size, self.draws, self.seed, self.phase, self.epoch = size, draws, seed, phase, 0
        self.contents, self.run = contents, run

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next (Lightning does)."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.draws

    def __iter__(self) -> Iterator[Draw]:
        first = self.epoch * self.draws
        for number in range(first // self.size, (first + self.draws - 1) // self.size + 1):
            order = self._permutation(number)
            start = max(first - number * self.size, 0)
            stop = min(first + self.draws - number * self.size, self.size)
            yield from (Draw(int(place), number, self.phase) for place in order[start:stop])

    def _permutation(self, number: int) -> Sequence[int]:
        """Return all places, those of one content in runs, which start at multiples of ``run`` draws whatever the
        permutations before left of one; what is left of contents fills that up, and the end."""
        rng = np.random.default_rng([self.seed, number, self.phase])
        order = [int(place) for place in rng.permutation(self.size)]
        if self.contents is None:
            return order
        alike: dict[str, list[int]] = {}
        for place in order:
            alike.setdefault(self.contents[place], []).append(place)
        runs = [places[at : at + self.run] for places in alike.values() for at in range(0, len(places), self.run)]
        mixed = [runs[at] for at in rng.permutation(len(runs))]
        whole = [one for one in mixed if len(one) == self.run]
        left = [place for one in mixed if len(one) < self.run for place in one]
        begun = -number * self.size % self.run
        while whole and len(left) < begun:
            left += whole.pop()
        return [*left[:begun], *(place for one in whole for place in one), *left[begun:]]


class SameSizeBatches(Sampler[list[Draw]]):
    """Batches for scoring: every image once, images of one size together.

    Of several processes, each takes every n-th batch; one may have a batch less than another, none has none.

    Args:
        sizes: a hashable size of each image, in the dataset's order.
        batch_size: images a batch; fewer where there would be fewer batches than processes.
    """

    def __init__(self, *, sizes: Sequence[tuple[int, int]], batch_size: int) -> None:
        self.batch_size, self.images, self.first = batch_size, len(sizes), 0
        self.places: dict[tuple[int, int], list[int]] = {}
        for place, size in enumerate(sizes):
            self.places.setdefault(size, []).append(place)

    def of_all_processes(self, *, processes: int = 1) -> list[list[Draw]]:
        """Return the batches that the processes share.

        Raises:
            ConfigError: fewer images than processes: the figures over the part need every process.
        """
        if 0 < self.images < processes:
            raise ConfigError(
                found=f"{self.images} images to score by {processes} processes",
                expected="an image a process, or more",
                do="set split.validation_share higher, or train with fewer devices",
            )
        batch_size = self.batch_size
        batches = self._batches(batch_size)
        while 0 < len(batches) < processes:
            batch_size -= 1
            batches = self._batches(batch_size)
        return batches

    def __len__(self) -> int:
        return len(self._mine())

    def __iter__(self) -> Iterator[list[Draw]]:
        return iter(self._mine()[self.first :])

    def _mine(self) -> list[list[Draw]]:
        rank, processes = place_among_processes()
        return self.of_all_processes(processes=processes)[rank::processes]

    def _batches(self, batch_size: int) -> list[list[Draw]]:
        return [
            [Draw(place, 0) for place in group[start : start + batch_size]]
            for group in self.places.values()
            for start in range(0, len(group), batch_size)
        ]


def place_among_processes() -> tuple[int, int]:
    """Return this process's rank and how many processes train together: 0 and 1 where it trains alone."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1
