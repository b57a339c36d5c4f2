"""What W&B shows of a scored part: predictions against labels, the worst images, and the levels they are put into."""

from collections.abc import Sequence
from typing import Any

import lightning.pytorch as lightning
import numpy as np
from jaxtyping import Float32, Int64
from lightning.pytorch.utilities import move_data_to_device
from numpy import ndarray
from PIL import Image

from ksiqa.callback.after_epoch import AfterEpoch
from ksiqa.callback.as_scored import as_scored
from ksiqa.callback.wandb_run import WandbRun
from ksiqa.data.datamodule import QualityData
from ksiqa.data.image_pairs import Draw, collated
from ksiqa.data.mixed import Data
from ksiqa.data.transform import Pixels
from ksiqa.metric.interval import half_width, residuals
from ksiqa.task.quality import QualityTask, as_images

WORST = 8  # images in the table
THUMBNAIL = 256  # pixels of their long side
POINTS = 2000  # of the scatter: of larger parts as many, spread evenly
COVERAGE = 0.9  # of low to high


class ValidationPictures(AfterEpoch):
    """Shows the validation part after each epoch that scored it.

    It comes after ``MetricsFile``, whose step it shares.

    Args:
        data: of the phase.
    """

    def __init__(self, data: Data) -> None:
        self.data = data

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Show it, on the first process."""
        runs = [logger for logger in trainer.loggers if isinstance(logger, WandbRun)]
        if not (runs and self.validated and trainer.is_global_zero):
            return
        task: Any = pl_module
        shown: dict[str, Any] = {}
        for place, one in enumerate(self.data.sets):
            scores = next(iter(task.parts[place].scores.values()))
            errors = residuals(scores.score, scores.label, scores.doubt)
            named = f"validation/{one.name}/" if len(self.data.sets) > 1 else "validation/"
            shown |= pictures(task, one, place=place, part="validation", errors=errors, prefix=named)
        for run in runs:
            run.log_metrics(shown)


def pictures(
    task: QualityTask, data: QualityData, *, place: int, part: str, errors: Sequence[float] | None, prefix: str
) -> dict[str, Any]:
    """Return W&B's ``scatter``, ``worst`` and ``levels`` of a part that a task has scored; nothing of an empty one.

    Args:
        task: whose first model counts.
        data: the set.
        place: of the set among those of the task.
        part: ``validation`` or ``test``.
        errors: those that an interval is made of, in units of doubt (see ``ksiqa.metric.interval``), if there are any.
        prefix: of the names.
    """
    import wandb

    scores = next(iter(task.parts[place].scores.values()))
    if not len(scores.row):
        return {}
    facts, frame = data.table.facts, data.table.frame
    predicted, raw = facts.to_raw(scores.score), frame["raw"].to_numpy()[scores.row]
    x, y = f"predicted {facts.label}", facts.label
    some = np.unique(np.linspace(0, len(raw) - 1, min(len(raw), POINTS)).round().astype(int))
    points = wandb.Table(
        columns=["image", x, y],
        data=[[frame["image"].iloc[scores.row[at]], float(predicted[at]), float(raw[at])] for at in some],
    )
    found: dict[str, Any] = {
        f"{prefix}scatter": wandb.plot.scatter(points, x=x, y=y, title=f"{facts.title}, {part} part")
    }
    worst = np.argsort(-np.abs(scores.score - scores.label), kind="stable")[:WORST]
    table = wandb.Table(
        columns=["image", "thumbnail", "quality map", facts.label, "score_raw", "label", "score", "low", "high"]
    )
    seen = looked_at(task, data, place=place, part=part, rows=scores.row[worst])
    for at, (pixels, quality_map) in zip(worst, seen, strict=True):
        score, half = float(scores.score[at]), half_width(errors, coverage=COVERAGE, doubt=float(scores.doubt[at]))
        low, high = (None, None) if half is None else (max(0.0, score - half), min(1.0, score + half))
        small = _small(pixels)
        numbers = [float(raw[at]), float(predicted[at]), float(scores.label[at]), score, low, high]
        laid = None if quality_map is None else wandb.Image(_laid(small, quality_map, score))
        table.add_data(frame["image"].iloc[scores.row[at]], wandb.Image(small), laid, *numbers)
    found[f"{prefix}worst"] = table
    counts = task.parts[place].level_counts
    if counts is not None:
        ordinal: Any = (task.student or task.teacher).regressor.ordinal  # type: ignore[union-attr]  # counts are its
        edges = [0.0, *ordinal.edges(task.sources[place]).tolist(), 1.0]
        found[f"{prefix}levels"] = wandb.Histogram(np_histogram=(counts, np.array(edges)))
    return found


def looked_at(
    task: QualityTask, data: QualityData, *, place: int, part: str, rows: Int64[ndarray, " rows"]
) -> list[tuple[Pixels, Float32[ndarray, "height width"] | None]]:
    """Return the first view of each of some images of a part, as the task's models see it, and the first model's map of
    it: None of a plain model, and where an image is scored by several views."""
    images = data.parts[part]
    known, images.known = images.known, None  # the whole network, and pixels
    places = {row: place for place, row in enumerate(images.rows)}
    found = []
    with as_scored(task):
        for row in rows:
            batch = collated([images[Draw(places[int(row)], 0)]])
            predictions, _ = task.predict_batch(
                as_images(move_data_to_device(batch, task.device)), source=task.sources[place]
            )
            quality_map = predictions[task.parts[place].headline].quality_map
            assert batch.distorted.image is not None  # nothing is known
            pixels = batch.distorted.image[0].permute(1, 2, 0).contiguous().numpy()
            whole = None if quality_map is None or batch.views > 1 else quality_map[0].float().cpu().numpy()
            found.append((pixels, whole))
    images.known = known
    return found


def _small(pixels: Pixels) -> Image.Image:
    picture = Image.fromarray(pixels)
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    return picture


def _laid(small: Image.Image, quality_map: Float32[ndarray, "height width"], score: float) -> Image.Image:
    from ksiqa.report.quality_map import overlay  # matplotlib takes its time

    return overlay(np.asarray(small), quality_map, box=(0, 0, 1, 1), score=score)
