"""DataLoaders that draw nothing from the random state of training, and can start within an epoch."""

import time
from collections.abc import Iterator

import torch
from torch.utils.data import DataLoader

from ksiqa.batch import Batch
from ksiqa.data.image_pairs import ImagePairs, Sample, collated
from ksiqa.data.sampling import SameSizeBatches
from ksiqa.data.training_batches import TrainingBatches
from ksiqa.errors import whole_number
from ksiqa.processor import MOST_WORKERS, cores
from ksiqa.stopping import deaf


def readers(told: int | None) -> int:
    """Return how many processes (or threads) read images: as many as told, else one a core, but no more than 4.

    Raises:
        ConfigError: it is no such number.
    """
    if told is None:
        return min(MOST_WORKERS, cores())
    return whole_number(told, least=0, name="data.workers")


class Loader(DataLoader[Sample]):
    """Batches in the order of a sampler, which is a function of seed and epoch.

    Args:
        dataset: the images.
        batches: which of them come together.
        workers: processes that read.
    """

    waited = 0.0  # seconds that whoever reads it has waited for batches
    skip = 0  # batches that the next epoch leaves out, since an earlier process trained on them

    def __init__(self, dataset: ImagePairs, *, batches: TrainingBatches | SameSizeBatches, workers: int) -> None:
        super().__init__(
            dataset,
            batch_sampler=batches,
            num_workers=workers,
            persistent_workers=workers > 0,
            collate_fn=collated,
            worker_init_fn=deaf,
            generator=torch.Generator(),  # a DataLoader draws a seed for its workers whenever it is read
        )
        self.order = batches

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]  # torch says it gives samples
        self.order.first, self.skip = self.skip, 0  # told once training starts: after Lightning asked for an iterator
        started = time.monotonic()
        for batch in super().__iter__():
            self.waited += time.monotonic() - started
            yield batch
            started = time.monotonic()
