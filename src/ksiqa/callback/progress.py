"""The bar of a training, with the numbers that people watch, and a line an epoch where there is no terminal for it."""

import time
from typing import Any

import lightning.pytorch as lightning
from lightning.pytorch.callbacks import RichProgressBar
from lightning.pytorch.callbacks.progress.rich_progress import BatchesProcessedColumn
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

from ksiqa.callback.after_epoch import AfterEpoch
from ksiqa.callback.pace import Pace

WATCHED_EVERY = 0.5  # seconds: to read the loss is to wait for the GPU


class Progress(RichProgressBar):
    """Shows phase and epoch, the steps, the time that is left of the epoch, its loss so far, the newest SRCC on the
    validation part and images a second; within 80 columns.

    Args:
        phase: of the training.
        criterion: key of the SRCC.
        pace: which knows the images a second.
    """

    def __init__(self, *, phase: str, criterion: str, pace: Pace) -> None:
        super().__init__(refresh_rate=4)
        self.phase, self.criterion, self.pace = phase, criterion, pace
        self._read, self._metrics = 0.0, dict[str, Any]()

    def configure_columns(self, trainer: lightning.Trainer) -> list[Any]:
        """Return the columns before the figures."""
        del trainer
        return [
            TextColumn("{task.description}"),
            BarColumn(bar_width=12),
            BatchesProcessedColumn(style=""),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        ]

    def get_metrics(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> dict[str, Any]:
        """Return the figures, read anew each half second and where a validation or an epoch ends."""
        if time.monotonic() - self._read > WATCHED_EVERY:
            task: Any = pl_module
            srcc = trainer.callback_metrics.get(self.criterion)
            self._metrics = {
                "loss": task.epoch.so_far("train/loss"),
                **({} if srcc is None else {"SRCC": float(srcc)}),
                "images/s": f"{self.pace.per_second * trainer.world_size:.1f}",
            }
            self._read = time.monotonic()
        return self._metrics

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Show what the validation came to."""
        self._read = 0.0
        super().on_validation_end(trainer, pl_module)

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Show what the epoch came to."""
        self._read = 0.0
        super().on_train_epoch_end(trainer, pl_module)

    def _get_train_description(self, current_epoch: int) -> str:
        return f"{self.phase} {current_epoch + 1}/{self.trainer.max_epochs}"


class EpochLines(AfterEpoch):
    """Prints what each epoch came to; logs of clusters are read, too.

    Args:
        phase: of the training.
        criterion: key of the SRCC.
        pace: which knows the images a second.
    """

    def __init__(self, *, phase: str, criterion: str, pace: Pace) -> None:
        self.phase, self.criterion, self.pace = phase, criterion, pace

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Print the line."""
        del pl_module
        if not trainer.is_global_zero:
            return
        known = self.figures(trainer)
        said = [f"{self.phase} {trainer.current_epoch + 1}/{trainer.max_epochs}", f"loss {known['train/loss']:.4g}"]
        said += [f"SRCC {known[self.criterion]:.3f}"] if self.criterion in known else []
        said += [f"{self.pace.per_second * trainer.world_size:.1f} images/s"]
        Console().print(", ".join(said), soft_wrap=True, markup=False, highlight=False)
