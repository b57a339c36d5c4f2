"""The DataModule of every dataset: a source of images, a split, and the views they are seen by."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import lightning.pytorch as lightning
import numpy as np
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from ksiqa.data.frozen_features import Extractor, keep_features, weights_fingerprint
from ksiqa.data.image_pairs import Draw, ImagePairs
from ksiqa.data.image_source import Bad, ImageSource
from ksiqa.data.loader import Loader
from ksiqa.data.sampling import SameSizeBatches
from ksiqa.data.split import Split
from ksiqa.data.table import LabelTable
from ksiqa.data.training_batches import ALONE, Slot, TrainingBatches
from ksiqa.data.views import ScoringViews, TrainingViews


class QualityData(lightning.LightningDataModule):
    """Training, validation and test part of one source of scores.

    Args:
        source: images and their table.
        split: which row belongs to which part.
        training: views of training.
        scoring: views of validation and test.
        short_side: to which larger images are made smaller, or None.
        batch_size: images a batch.
        by_content: a training batch holds images of one content.
        workers: processes that load images; 0 loads in this one. The result does not depend on it.
        seed: of order and crops.
        bad: images that cannot be used, which the split leaves out.
    """

    def __init__(
        self,
        *,
        source: ImageSource,
        split: Split,
        training: TrainingViews,
        scoring: ScoringViews,
        short_side: int | None,
        batch_size: int,
        by_content: bool = False,
        workers: int,
        seed: int,
        bad: Sequence[Bad] = (),
    ) -> None:
        super().__init__()
        self.source, self.split, self.batch_size, self.seed = source, split, batch_size, seed
        self.by_content = by_content
        self.bad = [*source.bad, *bad]
        self.slot: Slot = ALONE  # its share of each training batch; see ``MixedData``
        dataset = partial(ImagePairs, source=source, short_side=short_side, seed=seed, with_reference=True)
        self.parts: dict[str, ImagePairs] = {
            "train": dataset(rows=split.train, views=training),
            "validation": dataset(rows=split.validation, views=scoring),
            "test": dataset(rows=split.test, views=scoring),
        }
        self.train_scored: ImagePairs = dataset(rows=split.train, views=scoring, with_reference=False)
        self.workers = workers

    @property
    def name(self) -> str:  # type: ignore[override]  # Lightning reads its own class attribute, and never sets it
        """The source's name."""
        return self.source.table.facts.name

    @property
    def table(self) -> LabelTable:
        """The source's table."""
        return self.source.table

    @property
    def unit(self) -> float:
        """Length of the source's raw scale."""
        return self.table.facts.high - self.table.facts.low

    @property
    def sets(self) -> Sequence["QualityData"]:
        """This set alone; see ``MixedData``."""
        return [self]

    @property
    def share(self) -> float:
        """Its share of every training batch, and so the weight of its loss terms."""
        return float(self.slot[1] - self.slot[0])

    @property
    def has_references(self) -> bool:
        """Whether some rows have a reference; those without one serve the student alone."""
        return bool(self.table.frame["reference"].notna().any())

    @property
    def has_validation(self) -> bool:
        """Whether there are images to choose by."""
        return bool(self.split.validation)

    @property
    def training_scores(self) -> Float[ndarray, " rows"]:
        """Scores of the training part."""
        return self.table.scores[np.asarray(self.split.train)]

    def batches(self, *, processes: int, paired: bool = False) -> int:
        """Return the batches of an epoch for each process; each is full, and over the epochs each image is drawn
        equally often. Together the processes take ``processes`` x ``batch_size`` images a step."""
        return max(1, round(len(self.train_places(paired=paired)) / (self.batch_size * processes)))

    def train_places(self, *, paired: bool) -> Sequence[int]:
        """Return the places of the training part's rows, or of those with a reference, in its dataset."""
        rows = self.split.train
        there = self.table.frame["reference"].notna()
        return [place for place, row in enumerate(rows) if there[row]] if paired else range(len(rows))

    def without_references(self) -> None:
        """Load no references in training, for models that are never shown any."""
        self.parts["train"].with_reference = False

    def train_dataloader(
        self, *, batches: int | None = None, processes: int = 1, phase: int = 0, paired: bool = False
    ) -> Loader:
        """Return training batches.

        Args:
            batches: an epoch and a process, where this source accompanies another one.
            processes: that train together; the loader gives each its share.
            phase: of the training; each draws anew.
            paired: rows with a reference alone, for a teacher on its own.
        """
        places, contents = self.train_places(paired=paired), self.table.contents
        order = TrainingBatches(
            places=places,
            batch_size=self.batch_size,
            batches=(batches or self.batches(processes=processes, paired=paired)) * processes,
            slot=self.slot,
            seed=self.seed,
            phase=phase,
            contents=[contents[self.split.train[place]] for place in places] if self.by_content else None,
        )
        return Loader(self.parts["train"], batches=order, workers=self.workers)

    def val_dataloader(self) -> Loader:
        """Return the validation part, each image once."""
        return self.scored("validation")

    def test_dataloader(self) -> Loader:
        """Return the test part, each image once."""
        return self.scored("test")

    def keep_frozen(
        self,
        *,
        branches: Mapping[str, Tensor],
        settings: str,
        extractor: Extractor,
        complete: bool,
        cache: Path,
        test: bool = False,
        ridge: bool = False,
    ) -> None:
        """Compute once what frozen backbones say of the views of training and validation.

        Args:
            branches: the frozen branches' weights, for the fingerprint.
            settings: what else tells their features apart: networks, places, the token grid.
            extractor: from bytes to their features.
            complete: these are all branches.
            cache: the folder that keeps them.
            test: also of the test part.
            ridge: also of the test part, and of the training part as it would be scored (``self.train_scored``).
        """
        fingerprint = weights_fingerprint(branches, settings=settings)
        parts = [part for name, part in self.parts.items() if len(part) and (test or ridge or name != "test")]
        for dataset in [*parts, self.train_scored] if ridge else parts:
            dataset.known = keep_features(
                dataset,
                draws=[Draw(place, n) for n in range(dataset.views.distinct or 1) for place in range(len(dataset))],
                extractor=extractor,
                fingerprint=fingerprint,
                complete=complete,
                cache=cache,
            )

    def scored(self, part: str) -> Loader:
        """Return a part, each image once."""
        dataset = self.parts[part]
        return Loader(dataset, batches=self._same_size(dataset), workers=self.workers)

    def _same_size(self, dataset: ImagePairs) -> SameSizeBatches:
        sizes = [self.source.size(row) for row in dataset.rows]
        return SameSizeBatches(sizes=sizes, batch_size=self.batch_size)
