"""metrics.csv: every figure of every epoch, a row an epoch, over all phases; and each row to the loggers."""

import csv
from pathlib import Path
from statistics import fmean
from typing import Any

import lightning.pytorch as lightning

from ksiqa.callback.after_epoch import AfterEpoch
from ksiqa.callback.pace import DATA_SHARE
from ksiqa.callback.wandb_run import WandbRun
from ksiqa.files import write_whole


class MetricsFile(AfterEpoch):
    """Writes the run's metrics.csv anew after each epoch, and hands the row's numbers to the loggers, as the step that
    the row's place is. A resumed run goes on with its rows.

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
        rates = {f"lr/{group.get('name')}": group["lr"] for group in trainer.optimizers[0].param_groups}
        row: dict[str, Any] = {"phase": self.phase, "epoch": trainer.current_epoch, **rates, **self.figures(trainer)}
        earlier = [old for old in metrics_rows(self.file) if not self._repeated(old, trainer.current_epoch)]
        rows = [*earlier, row]
        columns = list(dict.fromkeys(name for one in rows for name in one))
        with write_whole(self.file) as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        for logger in trainer.loggers:
            if isinstance(logger, WandbRun):
                logger.catch_up(rows)
            else:
                logger.log_metrics({name: value for name, value in row.items() if name != "phase"}, step=len(earlier))

    def _repeated(self, row: dict[str, Any], epoch: int) -> bool:
        return row["phase"] == self.phase and int(row["epoch"]) >= epoch


def metrics_rows(file: Path) -> list[dict[str, Any]]:
    """Return the rows of a run's metrics.csv; none where it has no epoch yet."""
    if not file.exists():
        return []
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def data_share(file: Path) -> float | None:
    """Return the mean of ``time/data_share`` over a run's epochs; None where none has it."""
    found = [float(row[DATA_SHARE]) for row in metrics_rows(file) if row.get(DATA_SHARE)]
    return fmean(found) if found else None
