"""What a run leaves behind: results.json, predictions.csv, scatter.png."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ksiqa import __version__
from ksiqa.data.datamodule import QualityData
from ksiqa.files import write_whole
from ksiqa.inference.evaluation import Tested
from ksiqa.metric.agreement import Agreement
from ksiqa.metric.collected import Collected
from ksiqa.metric.outliers import outlier_ratio
from ksiqa.report.scatter import scatter_plot


def figures(tested: Tested, data: QualityData, part: str = "test/") -> dict[str, float | None]:
    """Return all test figures under their keys: ``test/srcc`` of the headline, ``test/teacher_srcc`` of the other."""
    keyed: dict[str, float | None] = {}
    for place, (name, one) in enumerate(tested.agreements.items()):
        prefix = part if place == 0 else f"{part}{name}_"
        keyed |= one.as_dict(prefix) | outliers(one, tested.scores[name], data, prefix=prefix)
    return keyed | {f"{part}{name}": value for name, value in tested.imagery.items()}


def outliers(one: Agreement, scores: Collected, data: QualityData, *, prefix: str) -> dict[str, float | None]:
    """Return ``outlier_ratio`` under its key, None where the fit did not converge; nothing where the set has no spread
    on the scale of its labels."""
    spread = data.table.frame["spread"].to_numpy(dtype=np.float64)[scores.row] / data.unit
    if not data.table.facts.spread_in_units or np.isnan(spread).any():
        return {}
    ratio = outlier_ratio(one.fit(scores.score), scores.label, spread) if one.fit.converged else None
    return {f"{prefix}outlier_ratio": ratio}


def described(data: QualityData, *, pairs: QualityData | None = None) -> dict[str, str | int]:
    """Return what results.json says of the data: a table marks rows of pseudo-scores and of partial copies."""
    table = data.table
    found: dict[str, str | int] = {
        "test_n": len(data.split.test),
        "data": data.name,
        "label": table.facts.label,
        "missing": table.missing,
        "missing_references": table.missing_references,
        "unlisted": table.unlisted,
    }
    if pairs is not None:
        other = pairs.table
        found["pairs_missing"] = other.missing + other.missing_references + other.unlisted
    return found


def write_report(
    folder: Path, *, tested: Tested, ridge: Collected | None, data: QualityData, results: dict[str, Any]
) -> None:
    """Write predictions and plot, then results.json: with it, the run is done."""
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
    with write_whole(folder / "results.json") as file:
        json.dump(results, file, indent=2)


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
            **{name: rows[name].to_numpy() for name in ("distortion", "level") if frame[name].notna().any()},
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


def provenance() -> dict[str, str | None]:
    """Return version and commit; the commit is None where the code does not lie in a checkout, or there is no git."""
    here = Path(__file__).resolve().parent
    command = ["git", "-C", str(here), "log", "-1", "--format=%H", "--", "."]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        commit = ""
    return {"version": __version__, "commit": commit or None}
