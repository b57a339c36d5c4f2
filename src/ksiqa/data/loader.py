"""DataLoaders that draw nothing from the random state of training, and can start within an epoch."""

from collections.abc import Iterator

import torch
from torch.utils.data import DataLoader

from ksiqa.batch import Batch
from ksiqa.data.image_pairs import ImagePairs, Sample, collated
from ksiqa.data.sampling import SameSizeBatches
from ksiqa.data.training_batches import TrainingBatches


class Loader(DataLoader[Sample]):
    """Batches in the order of a sampler, which is a function of seed and epoch.

    Args:
        dataset: the images.
        batches: which of them come together.
        workers: processes that read.
    """

    skip = 0  # batches that the next epoch leaves out, since an earlier process trained on them

    def __init__(self, dataset: ImagePairs, *, batches: TrainingBatches | SameSizeBatches, workers: int) -> None:
        super().__init__(
            dataset,
            batch_sampler=batches,
            num_workers=workers,
            persistent_workers=workers > 0,
            collate_fn=collated,
            generator=torch.Generator(),  # a DataLoader draws a seed for its workers whenever it is read
        )
        self.order = batches

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]  # torch says it gives samples
        self.order.first, self.skip = self.skip, 0  # told once training starts: after Lightning asked for an iterator
        yield from super().__iter__()
