"""Checkpoints within an epoch: every few minutes, and when the machine wants the process to end."""

import os
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning

from ksiqa.callback.own_files import OwnFiles
from ksiqa.errors import StoppedError
from ksiqa.stopping import GO_ON, SIGNALS_TO_END, TOGETHER, stopped

SOON = "\n{}: training ends after the running step and keeps its state (Ctrl-C again, in some seconds: at once)\n"


class WithinEpoch(OwnFiles):
    """Keeps the two newest checkpoints of the running epoch; its last step is left to the checkpoint of the epoch.

    A signal to end is answered by a checkpoint and ``StoppedError``: after the running step, or, in the last step of an
    epoch and its validation, before the next one, which starts from the epoch's own checkpoint. That is said at once; a
    second Ctrl-C does what it did before training.

    Args:
        folder: of the phase's checkpoints.
        minutes: between two of them.
        steps: between two of them, in place of minutes.
    """

    def __init__(self, *, folder: Path, minutes: float, steps: int | None) -> None:
        super().__init__(
            dirpath=folder,
            filename="{step}",
            monitor="step",
            mode="max",
            save_top_k=2,
            every_n_train_steps=steps,
            train_time_interval=None if steps else timedelta(minutes=minutes),
        )
        self.folder, self.received = folder, 0

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Listen, from here to the end of training; a thread beside the main one cannot."""
        super().on_train_start(trainer, pl_module)
        if threading.current_thread() is threading.main_thread():
            self._speaks = trainer.is_global_zero
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS_TO_END}

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """End between two epochs, if that is wanted; a training that goes on within an epoch does not come here."""
        super().on_train_epoch_start(trainer, pl_module)
        last = self.folder / "last.ckpt"
        if trainer.strategy.reduce_boolean_decision(bool(self.received) and last.exists(), all=False):
            raise self._stopped(last)

    def on_train_batch_end(self, trainer: lightning.Trainer, *step: Any) -> None:
        """Save if it is time, and end if that is wanted."""
        halfway = trainer.fit_loop.epoch_loop.batch_progress.current.ready % trainer.accumulate_grad_batches
        if trainer.is_last_batch or halfway:  # gradients are in no checkpoint
            return
        super().on_train_batch_end(trainer, *step)
        if trainer.strategy.reduce_boolean_decision(bool(self.received), all=False):
            file = self.folder / f"stopped-{trainer.global_step}.ckpt"
            trainer.save_checkpoint(file)
            raise self._stopped(file)

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Remove what the phase's last checkpoint makes useless."""
        super().on_train_end(trainer, pl_module)
        self._listen_no_more()
        if trainer.is_global_zero:
            for file in (*self.folder.glob("step=*.ckpt"), *self.folder.glob("stopped-*.ckpt")):
                file.unlink()
        if trainer.strategy.reduce_boolean_decision(bool(self.received), all=False):
            raise self._stopped(self.folder / "last.ckpt")

    def on_exception(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, exception: BaseException
    ) -> None:
        """Leave signals to what came before."""
        super().on_exception(trainer, pl_module, exception)
        self._listen_no_more()

    def _note(self, number: int, frame: Any) -> None:
        if not self.received:
            self.received, self._since = number, time.monotonic()
            if self._speaks:
                os.write(2, SOON.format(signal.Signals(number).name).encode())  # a handler must not print
        elif number == signal.SIGINT and time.monotonic() - self._since > TOGETHER:
            before = self._before[signal.SIGINT]
            if callable(before):
                before(number, frame)

    def _listen_no_more(self) -> None:
        for number, handler in self.__dict__.pop("_before", {}).items():
            signal.signal(number, handler)

    def _stopped(self, file: Path) -> StoppedError:
        return stopped(self.received, f"training stopped, its state is in {file}", do=GO_ON)
