"""The errors on validation parts, of which intervals are made: of images that neither the run learned from nor the
model that it went on from."""

from collections.abc import Sequence

import numpy as np
from omegaconf import DictConfig

from ksiqa.data.datamodule import QualityData
from ksiqa.inference.evaluation import part_tested
from ksiqa.inference.model_folder import TrainedModel
from ksiqa.metric.interval import residuals
from ksiqa.training import trainers
from ksiqa.training.images_seen import never_seen


def validation_residuals(
    trained: TrainedModel, sets: Sequence[QualityData], config: DictConfig, *, initial: TrainedModel | None
) -> dict[str, dict[str, list[float]]]:
    """Return the errors of each model on the validation part of each set that has one, by model and set.

    Images that ``initial`` has learned from are left out, and all where it is not known what it learned from.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for one in sets:
        rows = one.split.validation
        new = rows if initial is None else never_seen(initial.training, one, rows)
        if not new:
            continue
        tested = part_tested(
            trained,
            one,
            trainer=trainers.scoring_trainer(config),
            part="validation",
            from_features=config.report.from_features,
        )
        for name, scores in tested.scores.items():
            kept = np.isin(scores.row, new)
            errors = residuals(scores.score[kept], scores.label[kept], scores.doubt[kept])
            if errors:
                found.setdefault(name, {})[one.name] = errors
    return found
