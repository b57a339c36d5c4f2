"""The figure that much of the field publishes: SRCC of the epoch that is best on the test part."""

from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch

from ksiqa.callback.as_scored import as_scored
from ksiqa.callback.metrics_file import metrics_rows
from ksiqa.data.datamodule import QualityData
from ksiqa.data.mixed import Data
from ksiqa.metric.collected import CollectedScores
from ksiqa.metric.correlation import srcc

KEY = "each_epoch_on_test/srcc"


class EachEpochOnTest(lightning.Callback):
    """Scores the test part after every epoch, for metrics.csv and the loggers (``report.best_on_test=true``).

    It chooses nothing: weights, random states and all figures of ``test/`` are as they would be without it.

    Args:
        data: whose test part; of several sets the mean counts.
        from_features: see ``ksiqa.inference.evaluation.part_tested``.
    """

    def __init__(self, data: Data, *, from_features: bool = False) -> None:
        self.data, self.from_features = data, from_features

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Score the part by the task's own model, on the first process."""
        if not trainer.is_global_zero:
            return
        task: Any = pl_module
        task.finite.check()
        with as_scored(pl_module):
            found = [self._srcc(trainer, pl_module, one) for one in self.data.sets]
        trainer.callback_metrics[KEY] = torch.tensor(sum(found) / len(found))

    def _srcc(self, trainer: lightning.Trainer, task: Any, data: QualityData) -> float:
        part = data.parts["test"]
        known = part.known
        part.known = known if self.from_features else None  # as in the test after training
        collected = CollectedScores()
        for batch in data.test_dataloader():
            images: Any = trainer.strategy.batch_to_device(batch)  # turns bytes into images, too
            predictions, _ = task.predict_batch(images, source=data.name)
            score = predictions[task.parts[0].headline].score.reshape(-1, images.views).mean(dim=1)
            collected.update(images.row.cpu(), score.cpu(), images.score.cpu())
        part.known = known
        scores = collected.compute()
        return srcc(scores.score, data.table.scores[scores.row])


def best_on_test(metrics: Path) -> dict[str, float]:
    """Return the best epoch's SRCC of a run's last phase under its key of results.json; nothing where the test part was
    not scored after each epoch."""
    rows = metrics_rows(metrics)
    found = [float(row[KEY]) for row in rows if row["phase"] == rows[-1]["phase"] and row.get(KEY)]
    return {"best_on_test/srcc": max(found)} if found else {}
