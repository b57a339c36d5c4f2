"""Run folders as training leaves them, with predictions that are drawn: their figures are taken as a run takes them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from ksiqa.metric.agreement import agreement
from ksiqa.report.table.groups import Group, grouped
from ksiqa.report.table.runs import read_runs

IMAGES, TEST = 60, 20
TYPES = ("blur", "jpeg")


def write_run(
    folder: Path,
    *,
    noise: float = 0.5,
    split: int = 0,
    seed: int = 0,
    source: str = "random",
    config: dict[str, Any] | None = None,
    **changes: Any,
) -> Path:
    """Write a run of a set of sixty images with labels 0 to 100, of which each split tests twenty others.

    ``noise`` is the spread of the predictions' errors, ``config`` more of its config, ``changes`` those of its results.
    """
    settings = {"name": "made", "seed": seed, "split": {"source": source, "index": split}, **(config or {})}
    rng = np.random.default_rng([split, 7])
    rows = np.sort(rng.permutation(IMAGES)[:TEST])
    label = np.random.default_rng(1).uniform(size=IMAGES)[rows]
    error = np.random.default_rng([split, seed, 1000 * round(noise * 100)]).normal(size=TEST)
    score = 1 / (1 + np.exp(-(4 * (label - 0.5) + 4 * noise * error)))
    table = pd.DataFrame(
        {
            "image": [f"{row:02}.png" for row in rows],
            "reference": [f"reference{row // 6}.png" for row in rows],
            "distortion": [TYPES[row % 2] for row in rows],
            "level": [float(row % 3 + 1) for row in rows],
            "label": 100 * label,
            "score": score,
            "score_raw": 100 * score,
        }
    )
    results = {
        **agreement(score, label, unit=100.0).as_dict(),
        "train_n": IMAGES - TEST,
        "test_n": TEST,
        "data": "koniq10k",
        "label": "MOS",
        "missing": 0,
        "model": "student",
        "sharing": "none",
        "seed": seed,
        "split": settings["split"],
        "commit": "c" * 40,
        "seconds": 1.0,
        **changes,
    }
    (folder / "checkpoints").mkdir(parents=True)
    table.to_csv(folder / "predictions.csv", index=False)
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    (folder / "metrics.csv").write_text(
        "phase,epoch,train/loss,validation/srcc\n"
        + "".join(f"student,{epoch},{1 / (epoch + 1 + noise)},{0.1 * epoch}\n" for epoch in range(3))
    )
    (folder / "results.json").write_text(json.dumps(results))
    return folder


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a run below ``tmp_path``, under the next number unless it is named."""

    def one(name: str | None = None, **settings: Any) -> Path:
        return write_run(tmp_path / (name or f"run{len(list(tmp_path.iterdir()))}"), **settings)

    return one


@pytest.fixture(scope="session")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten splits of a good recipe and of a worse one, of two seeds; the folder of all."""
    folder = tmp_path_factory.mktemp("ten")
    for variant, noise in (("good", 0.15), ("worse", 0.35)):
        for split in range(10):
            for seed in range(2):
                config = {"variant": variant, "noise": noise}
                write_run(folder / f"{variant}-{split}-{seed}", noise=noise, split=split, seed=seed, config=config)
    return folder


def groups_of(*paths: Path) -> list[Group]:
    """Read runs into groups."""
    return grouped(read_runs(paths).runs)
