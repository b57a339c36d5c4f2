"""metrics.csv: every figure of every epoch, a row an epoch, over all phases."""

import csv
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
from lightning.pytorch.callbacks import Checkpoint

from ksiqa.files import write_whole


class MetricsFile(Checkpoint):
    """Writes the run's metrics.csv anew after each epoch. A resumed run goes on with its rows.

    A ``Checkpoint``, since Lightning calls these after the task has logged its epoch.

    Args:
        file: metrics.csv.
        phase: name of the running phase.
    """

    def __init__(self, *, file: Path, phase: str) -> None:
        self.file, self.phase = file, phase

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Add the epoch's row."""
        del pl_module
        if not trainer.is_global_zero:
            return
        figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
        rates = {f"lr/{group.get('name')}": group["lr"] for group in trainer.optimizers[0].param_groups}
        row: dict[str, Any] = {"phase": self.phase, "epoch": trainer.current_epoch, **rates, **figures}
        earlier = [old for old in self._rows() if not self._repeated(old, trainer.current_epoch)]
        rows = [*earlier, row]
        columns = list(dict.fromkeys(name for one in rows for name in one))
        with write_whole(self.file) as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def _rows(self) -> list[dict[str, Any]]:
        if not self.file.exists():
            return []
        with self.file.open(newline="") as file:
            return list(csv.DictReader(file))

    def _repeated(self, row: dict[str, Any], epoch: int) -> bool:
        return row["phase"] == self.phase and int(row["epoch"]) >= epoch
