"""Counts what needs no clock: operations and parameters of each model, and the bytes that its gradients have.

python experiments/speed/counts.py      # writes results.csv
"""

from pathlib import Path
from typing import Any

import pandas as pd
import torch

from ksiqa.batch import Batch, View
from ksiqa.benchmark.counts import flops_of
from ksiqa.benchmark.own_training import KINDS, task_of
from ksiqa.benchmark.setting import BACKBONES, SOURCE, Setting
from ksiqa.benchmark.trunk import Trunk

SIDE, BYTES = 224, 4  # gradients are summed up in single precision
BATCH = 1


def main() -> None:
    """Count a step of each."""
    rows = []
    for backbone in BACKBONES.values():
        setting = Setting(
            device=torch.device("cpu"),
            backbone=backbone,
            training_batches=[BATCH],
            scoring_batches=[1],
            side=SIDE,
            rows=SIDE,
            columns=SIDE,
            precision="32-true",
            modes=["eager"],
            rounds=1,
            seconds=1.0,
        )
        for name, (kind, sharing) in KINDS.items():
            config, model = setting.model(kind, sharing=sharing)
            task: Any = task_of(config, model, joint=sharing == "joint")
            batch = images(pairs=name in ("teacher", "joint"))
            flops = flops_of(lambda task=task, batch=batch: sum(task.terms(batch, source=SOURCE).values()).backward())
            rows.append(row(backbone, name, model, flops))
        trunk = Trunk(setting.model("plain")[1].feature_extraction)
        flops = flops_of(lambda trunk=trunk: trunk(torch.rand(BATCH, 3, SIDE, SIDE)).sum().backward())
        rows.append(row(backbone, "bare trunk", trunk, flops))
    table = pd.DataFrame(rows)
    table.to_csv(Path(__file__).with_name("results.csv"), index=False)
    print(table.to_string(index=False))


def images(*, pairs: bool) -> Batch:
    """Return a batch of noise."""
    views = [View(torch.rand(BATCH, 3, SIDE, SIDE)) for _ in range(1 + pairs)]
    return Batch(
        distorted=views[0], reference=views[1] if pairs else None, score=torch.rand(BATCH), row=torch.arange(BATCH)
    )


def row(backbone: str, name: str, model: Any, flops: int) -> dict[str, Any]:
    """Return a row: of training, an image or a pair."""
    parameters = sum(one.numel() for one in model.parameters())
    return {
        "backbone": backbone,
        "model": name,
        "parameters": parameters,
        "gflop_a_training_image": round(flops / BATCH / 1e9, 1),
        "gradient_mb": round(parameters * BYTES / 1e6),
    }


if __name__ == "__main__":
    main()
