"""Where projections of frozen features start: every channel counts alike over the training part."""

from collections.abc import Iterator
from itertools import islice

from ksiqa.batch import View
from ksiqa.data.datamodule import QualityData
from ksiqa.model.feature_extraction import FeatureExtraction

SEEN = 256  # images at most: thousands of tokens for each channel's two numbers


def standardise(extraction: FeatureExtraction, data: QualityData) -> None:
    """Bring the frozen branches' channels to mean 0 and deviation 1 over training crops."""
    extraction.start_from(shown(data))


def shown(data: QualityData) -> Iterator[View]:
    """Yield some batches of the training part."""
    batches = islice(data.train_dataloader(paired=False), max(1, SEEN // data.batch_size))
    yield from (batch.distorted for batch in batches)
