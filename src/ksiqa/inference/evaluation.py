"""The test part, scored by a saved model: the one way to a test figure, in training's end and in ``evaluate`` alike,
but for the half precision of kept features where a training is told to test on these."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ksiqa.data.datamodule import QualityData
from ksiqa.inference.model_folder import TrainedModel
from ksiqa.metric.agreement import Agreement, agreement
from ksiqa.metric.collected import Collected
from ksiqa.task.quality import QualityTask


class Tested(NamedTuple):
    """Scores and figures of a set's test part, by model (``student``, ``teacher``), the headline's first."""

    data: QualityData
    scores: dict[str, Collected]
    agreements: dict[str, Agreement]
    imagery: dict[str, float]  # ``imagery_error`` and ``identity_error`` where there are references
    task: QualityTask  # which scored it
    residuals: list[float] | None  # of the headline's model on the validation part, in doubts, for intervals
    ridge: Collected | None = None  # scores of a ridge beside the model


def part_tested(
    trained: TrainedModel, data: QualityData, *, trainer: Any, part: str = "test", from_features: bool = False
) -> Tested:
    """Score a part of ``data``.

    Args:
        trained: the saved model.
        data: a source of scores; one that the model was not trained on is scored on the scale of its main source.
        trainer: a Lightning Trainer, in full precision, so that the figures are the same everywhere.
        part: ``test`` or ``validation``.
        from_features: go on from what is kept of frozen backbones, in half precision; else the whole network looks at
            the images, as it will score later.
    """
    if not from_features:
        data.parts[part].known = None
    known = data.name in trained.scales
    task = QualityTask(
        student=trained.student,
        teacher=trained.teacher if data.has_references else None,
        units={data.name if known else trained.source: data.unit},
        fr_source=data.name if known else trained.fr_source,
    )
    trainer.test(task, data.scored(part), verbose=False)
    labels = data.table.scores  # as read, in double precision
    scores = {name: one._replace(label=labels[one.row]) for name, one in task.scores[0].items()}
    imagery = ("imagery_error", "identity_error")
    logged = {name: trainer.callback_metrics.get(f"test/{name}") for name in imagery}
    return Tested(
        data=data,
        scores=scores,
        agreements={name: agreement(one.score, one.label, unit=data.unit) for name, one in scores.items()},
        imagery={name: float(value) for name, value in logged.items() if value is not None},
        task=task,
        residuals=trained.residuals.get(next(iter(scores)), {}).get(data.name),
    )


def covered(trained: TrainedModel, tested: Sequence[Tested], *, coverage: float) -> dict[str, float]:
    """Return the share of test labels that lie in the intervals of ``coverage``, by model and set, where it has any."""
    shares = {}
    for one in tested:
        for name, scores in one.scores.items():
            halves = [
                trained.half_width(model=name, source=one.data.name, coverage=coverage, doubt=doubt)
                for doubt in scores.doubt
            ]
            if None not in halves:
                shares[f"{name} on {one.data.name}"] = float(np.mean(np.abs(scores.score - scores.label) <= halves))
    return shares
