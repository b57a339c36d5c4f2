"""Which images a training batch holds: a source's share of every batch, alone or mixed with others."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from math import floor

import numpy as np
from torch.utils.data import Sampler

from ksiqa.data.image_pairs import Draw
from ksiqa.data.sampling import SeededOrder, place_among_processes

Slot = tuple[Fraction, Fraction]
"""Where a source's share of every step's images starts and ends; the slots of sources that are mixed fill [0, 1]."""
ALONE: Slot = (Fraction(0), Fraction(1))


class TrainingBatches(Sampler[list[Draw]]):
    """Batches of training: what falls into a source's slot of each batch.

    Sources whose slots fill [0, 1] fill every batch to the last image, each step and each process. Where a slot is no
    whole number of images, it is rounded up in some steps and down in others, by a seeded rule; over an epoch each
    source has its share to an image. Of several processes, each takes every n-th batch of the same order.

    Args:
        places: of the source's images in its dataset.
        batch_size: images a batch, of all sources that are mixed.
        batches: an epoch, of all processes together.
        slot: the source's; (0, 1) where it is alone.
        seed: of order and rounding, the same for all sources.
        phase: of the training.
        contents: of the images at ``places``, where a batch shall hold images of one content, as long as there are
            enough of one, and the slot is a whole number of images; None: of any.
    """

    def __init__(
        self,
        *,
        places: Sequence[int],
        batch_size: int,
        batches: int,
        slot: Slot,
        seed: int,
        phase: int,
        contents: Sequence[str] | None = None,
    ) -> None:
        self.places, self.batches = places, batches
        self.start, self.stop = (floor(edge * batches * batch_size + Fraction(1, 2)) for edge in slot)
        draws = self.stop - self.start
        self.first = 0  # batch of this process to start the next epoch with
        self.sampler = SeededOrder(  # Lightning sets its epoch
            size=len(places), draws=draws, seed=seed, phase=phase, contents=contents, run=max(1, draws // batches)
        )

    def __len__(self) -> int:
        rank, processes = place_among_processes()
        return len(range(rank, self.batches, processes))

    def __iter__(self) -> Iterator[list[Draw]]:
        rank, processes = place_among_processes()
        order = (draw._replace(place=self.places[draw.place]) for draw in self.sampler)
        first = rank + self.first * processes
        for number, images in enumerate(self.images()):
            batch = list(islice(order, images))
            if number >= first and number % processes == rank:
                yield batch

    def images(self) -> list[int]:
        """Return the source's images in each batch of the epoch.

        Of n batches each has a p of its own from 0 to n - 1; in it a slot's edge E, counted in images an epoch, falls
        at (E + p) // n. Over the epoch these sum up to E (Hermite's identity).
        """
        order = self.sampler
        rng = np.random.default_rng([order.seed, order.epoch, order.phase, self.batches])
        shifts = rng.permutation(self.batches)
        edges = [(edge + shifts) // self.batches for edge in (self.start, self.stop)]
        return [int(images) for images in edges[1] - edges[0]]
