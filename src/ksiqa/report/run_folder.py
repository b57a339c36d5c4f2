"""What a run leaves behind: results.json, predictions.csv, scatter.png."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ksiqa import __version__
from ksiqa.data.datamodule import QualityData
from ksiqa.files import write_whole
from ksiqa.inference.evaluation import Tested
from ksiqa.metric.collected import Collected
from ksiqa.report.scatter import scatter_plot


def figures(tested: Tested, part: str = "test/") -> dict[str, float | None]:
    """Return all test figures under their keys: ``test/srcc`` of the headline, ``test/teacher_srcc`` of the other."""
    keyed: dict[str, float | None] = {}
    for place, (name, one) in enumerate(tested.agreements.items()):
        keyed |= one.as_dict(part if place == 0 else f"{part}{name}_")
    return keyed | {f"{part}{name}": value for name, value in tested.imagery.items()}


def write_results(folder: Path, results: dict[str, Any]) -> None:
    """Write results.json, the last of a run's files: with it, the run is done."""
    with write_whole(folder / "results.json") as file:
        json.dump(results, file, indent=2)


def write_report(folder: Path, *, tested: Tested, ridge: Collected | None, data: QualityData) -> None:
    """Write predictions and plot."""
    write_predictions(folder / "predictions.csv", tested=tested, ridge=ridge, data=data)
    name = next(iter(tested.scores))
    scores, fit = tested.scores[name], tested.agreements[name].fit
    facts = data.table.facts
    line = None
    if fit.converged:
        along = np.linspace(scores.score.min(), scores.score.max(), 200)
        line = (facts.to_raw(along), facts.to_raw(fit(along)))
    scatter_plot(
        folder / "scatter.png",
        score_raw=facts.to_raw(scores.score),
        label_raw=facts.to_raw(scores.label),
        fit_line=line,
        title=f"{facts.title}, test part",
        label_name=facts.label,
    )


def write_predictions(path: Path, *, tested: Tested, ridge: Collected | None, data: QualityData) -> None:
    """Write the scores of the test part, a row an image; a teacher's beside a student's as ``fr_score``, a ridge's as
    ``ridge_score``."""
    facts, frame = data.table.facts, data.table.frame
    scores, *others = tested.scores.values()
    rows = frame.iloc[scores.row]
    table = pd.DataFrame(
        {
            "image": rows["image"].to_numpy(),
            "reference": rows["reference"].to_numpy(),
            "label": rows["raw"].to_numpy(),
            "score": scores.score,
            "score_raw": facts.to_raw(scores.score),
        }
    )
    for other in others:
        table["fr_score"] = other.score
    if ridge is not None:
        table["ridge_score"] = ridge.score
    with write_whole(path) as file:
        table.to_csv(file, index=False)


@cache
def provenance() -> dict[str, str | bool | None]:
    """Return version, commit, and whether the code was changed since (``dirty``); the last two are None where the code
    does not lie in a checkout, or there is no git."""
    commit = _git("log", "-1", "--format=%H", "--", ".")
    dirty = bool(_git("status", "--porcelain", "--", ".")) if commit else None
    return {"version": __version__, "commit": commit or None, "dirty": dirty}


def _git(*words: str) -> str:
    here = Path(__file__).resolve().parents[1]
    try:
        return subprocess.run(
            ["git", "-C", str(here), *words], capture_output=True, text=True, check=False
        ).stdout.strip()
    except FileNotFoundError:
        return ""
