"""What a run leaves behind: results.json, predictions.csv, scatter.png, of one set or of several."""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd

from ksiqa.data.datamodule import QualityData
from ksiqa.files import write_whole
from ksiqa.inference.evaluation import Tested
from ksiqa.metric.agreement import Agreement, agreement
from ksiqa.metric.collected import Collected
from ksiqa.metric.outliers import outlier_ratio
from ksiqa.report.scatter import scatter_plot


def figures(tested: Sequence[Tested], part: str = "test/") -> dict[str, float | None]:
    """Return all test figures under their keys: ``test/srcc`` of the headline, ``test/teacher_srcc`` of the other.

    Of several sets each has its own, ``test/koniq10k/srcc``, and beside them stand the means over the sets,
    ``test/mean_srcc`` and ``test/mean_plcc``: scores of different scales are never put into one figure.
    """
    keyed: dict[str, float | None] = {}
    for one in tested:
        prefix = part + _folder(one, tested)
        for place, (name, found) in enumerate(one.agreements.items()):
            own = prefix if place == 0 else f"{prefix}{name}_"
            keyed |= found.as_dict(own) | outliers(found, one.scores[name], one.data, prefix=own)
        keyed |= {f"{prefix}{name}": value for name, value in one.imagery.items()}
        if one.ridge is not None:
            keyed |= agreement(one.ridge.score, one.ridge.label, unit=one.data.unit).as_dict(
                "ridge/" + _folder(one, tested)
            )
    if len(tested) > 1:
        first = [next(iter(one.agreements.values())) for one in tested]
        keyed |= {f"{part}mean_{name}": fmean(getattr(one, name) for one in first) for name in ("srcc", "plcc")}
    return keyed


def outliers(one: Agreement, scores: Collected, data: QualityData, *, prefix: str) -> dict[str, float | None]:
    """Return ``outlier_ratio`` under its key, None where the fit did not converge; nothing where the set has no spread
    on the scale of its labels."""
    spread = data.table.frame["spread"].to_numpy(dtype=np.float64)[scores.row] / data.unit
    if not data.table.facts.spread_in_units or np.isnan(spread).any():
        return {}
    ratio = outlier_ratio(one.fit(scores.score), scores.label, spread) if one.fit.converged else None
    return {f"{prefix}outlier_ratio": ratio}


def described(sets: Sequence[QualityData], *, pairs: QualityData | None = None) -> dict[str, Any]:
    """Return what results.json says of the data: how many images the parts have, what is missing, what the labels are;
    of several sets the sums, and each set's own. Tables mark rows of pseudo-scores and of partial copies by it."""
    each = {one.name: counts(one) for one in sets}
    labels = {one.name: {"label": one.table.facts.label} for one in sets}
    found: dict[str, Any] = {"data": "+".join(each)}
    if len(sets) == 1:
        found |= each[sets[0].name] | labels[sets[0].name]
    else:
        found |= {key: sum(one[key] for one in each.values()) for key in each[sets[0].name]}
        found["sets"] = {name: one | labels[name] for name, one in each.items()}
    if pairs is not None:
        table = pairs.table
        found["pairs_missing"] = table.missing + table.missing_references + table.unlisted + len(pairs.bad)
    return found


def write_bad_images(path: Path, sets: Sequence[QualityData]) -> None:
    """Write the images that were left out since they cannot be used, with the reason; no file where there are none."""
    bad = [{"data": data.name, **one._asdict()} for data in sets for one in data.bad]
    if bad:
        with write_whole(path) as file:
            pd.DataFrame(bad).to_csv(file, index=False)


def write_results(folder: Path, results: dict[str, Any]) -> None:
    """Write results.json, the last of a run's files: with it, the run is done."""
    with write_whole(folder / "results.json") as file:
        json.dump(results, file, indent=2)


def write_report(folder: Path, *, tested: Sequence[Tested]) -> None:
    """Write predictions and plots."""
    write_predictions(folder / "predictions.csv", tested=tested)
    for one in tested:
        facts = one.data.table.facts
        name = next(iter(one.scores))
        scores, fit = one.scores[name], one.agreements[name].fit
        line = None
        if fit.converged:
            along = np.linspace(scores.score.min(), scores.score.max(), 200)
            line = (facts.to_raw(along), facts.to_raw(fit(along)))
        scatter_plot(
            folder / (f"scatter_{one.data.name}.png" if len(tested) > 1 else "scatter.png"),
            score_raw=facts.to_raw(scores.score),
            label_raw=facts.to_raw(scores.label),
            fit_line=line,
            title=f"{facts.title}, test part",
            label_name=facts.label,
        )


def write_predictions(path: Path, *, tested: Sequence[Tested]) -> None:
    """Write the scores of the test parts, a row an image, of several sets with the set's name as ``data``; a teacher's
    beside a student's as ``fr_score``, a ridge's as ``ridge_score``."""
    table = pd.concat([_predictions(one) for one in tested])
    with write_whole(path) as file:
        table.drop(columns="data" if len(tested) == 1 else []).to_csv(file, index=False)


def _predictions(one: Tested) -> pd.DataFrame:
    facts = one.data.table.facts
    scores, *others = one.scores.values()
    rows = one.data.table.frame.iloc[scores.row]
    known = one.data.table.frame[["distortion", "level"]].notna().any()
    table = pd.DataFrame(
        {
            "data": one.data.name,
            "image": rows["image"].to_numpy(),
            "reference": rows["reference"].to_numpy(),
            "content": rows["content"].to_numpy(),
            **{name: rows[name].to_numpy() for name in ("distortion", "level") if known[name]},
            "label": rows["raw"].to_numpy(),
            "score": scores.score,
            "score_raw": facts.to_raw(scores.score),
        }
    )
    beside = {"fr_score": others[0] if others else None, "ridge_score": one.ridge}
    for name, other in beside.items():
        if other is not None:  # a teacher scores the rows with a reference alone
            table[name] = pd.Series(other.score, index=other.row).reindex(scores.row).to_numpy()
    return table


def counts(data: QualityData) -> dict[str, int]:
    """Return how many images each part of a set has, and how many are missing or cannot be used."""
    references = data.table.frame["reference"].notna()
    return {
        "train_n": len(data.split.train),
        "validation_n": len(data.split.validation),
        "test_n": len(data.split.test),
        "train_pairs_n": len(data.train_places(paired=True)),
        "test_pairs_n": int(references.iloc[list(data.split.test)].sum()),
        "missing": data.table.missing,
        "missing_references": data.table.missing_references,
        "unlisted": data.table.unlisted,
        "bad_images": len(data.bad),
    }


def _folder(one: Tested, tested: Sequence[Tested]) -> str:
    return f"{one.data.name}/" if len(tested) > 1 else ""
