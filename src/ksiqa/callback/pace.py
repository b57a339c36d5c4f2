"""How fast training goes, and how much of that time it waits for data."""

import time
from collections.abc import Mapping
from typing import Any

import lightning.pytorch as lightning

from ksiqa.batch import Batch

DATA_SHARE, IMAGES_PER_SECOND = "time/data_share", "time/images_per_second"


class Pace(lightning.Callback):
    """Notes both for each epoch, over its training steps: validation and what is written between epochs do not count.

    ``time/data_share`` is the share of the steps' wall time in which batches were waited for, the mean over processes;
    ``time/images_per_second`` counts the images of all sources and processes, a reference with its image as one. A run
    that goes on within an epoch measures the rest of it.
    """

    images: int  # of this process in the running epoch, and the seconds that they took
    seconds: float
    _since: float
    _before: float

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Start, also within an epoch."""
        del pl_module
        self._start(trainer)

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Start anew."""
        del pl_module
        self._start(trainer)

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Mapping[str, Batch],
        batch_idx: int,
    ) -> None:
        """Add a step."""
        del trainer, pl_module, outputs, batch_idx
        now = time.monotonic()
        self.seconds += now - self._since
        self._since = now
        self.images += sum(len(one.score) for one in batch.values())

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Go on from here: a validation within an epoch is no step."""
        del trainer, pl_module
        self._since = time.monotonic()

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Note the epoch's figures."""
        if not self.seconds:
            return
        share = (self._waited(trainer) - self._before) / self.seconds
        pl_module.log(DATA_SHARE, share, sync_dist=True, logger=False)
        pl_module.log(IMAGES_PER_SECOND, self.per_second, sync_dist=True, reduce_fx="sum", logger=False)

    @property
    def per_second(self) -> float:
        """Images a second of this process, in the running epoch so far."""
        return self.images / self.seconds if self.seconds else 0.0

    def _start(self, trainer: lightning.Trainer) -> None:
        self.images, self.seconds, self._since = 0, 0.0, time.monotonic()
        self._before = self._waited(trainer)

    def _waited(self, trainer: lightning.Trainer) -> float:
        return sum(loader.waited for loader in trainer.train_dataloader.values())  # type: ignore[union-attr]  # by source
