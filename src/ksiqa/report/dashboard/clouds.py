"""Predictions against labels as the page draws them, a cloud of points a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64
from numpy import ndarray

from ksiqa.report.dashboard.curves import run_name
from ksiqa.report.dashboard.figures import rounded
from ksiqa.report.dashboard.images import Images
from ksiqa.report.table.groups import SCORES
from ksiqa.report.table.predictions import predictions
from ksiqa.report.table.run import Run
from ksiqa.report.table.summary import Row

MOST = 20_000  # points of a kind; of more, every second, third, ... is drawn


@dataclass(frozen=True)
class Cloud:
    """All predictions of a row: ``table`` has a row a prediction with ``image``, ``label`` (raw), ``score`` and
    ``wanted`` (the label), both in [0, 1] and higher is better, ``error`` and ``run``, a place in ``runs``."""

    place: int
    row: Row
    runs: list[Run]
    table: pd.DataFrame
    step: int

    @property
    def drawn(self) -> pd.DataFrame:
        """The predictions that become points."""
        return self.table.iloc[:: self.step]

    def held(self, images: Images) -> dict[str, Any]:
        """Return the points that are drawn, images by their numbers."""
        drawn = self.drawn
        return {
            "row": self.place,
            "runs": [run_name(run) for run in self.runs],
            "of": len(self.table),
            "run": drawn["run"].tolist(),
            "image": [
                images.number(self.runs[run], name) for run, name in zip(drawn["run"], drawn["image"], strict=True)
            ],
            **{name: [rounded(value) for value in drawn[name]] for name in ("label", "score", "wanted")},
        }


def clouds_of(rows: Sequence[Row]) -> list[Cloud]:
    """Return the clouds of the rows whose predictions were kept."""
    found = []
    for place, row in enumerate(rows):
        tables = {at: table for at, run in enumerate(row.group.runs) if (table := _of_run(run, row)) is not None}
        if tables:
            together = pd.concat([table.assign(run=at) for at, table in tables.items()], ignore_index=True)
            found.append((place, row, together))
    step = max(1, -(-sum(len(table) for *_, table in found) // MOST))
    return [Cloud(place, row, row.group.runs, table, step) for place, row, table in found]


def _of_run(run: Run, row: Row) -> pd.DataFrame | None:
    table, column = predictions(run), SCORES[row.scores].column
    if table is None or column not in table:
        return None
    table = table[table[column].notna()]  # a teacher scores the rows with a reference alone
    wanted = unit_labels(table)
    if wanted is None:
        return None
    score = table[column].to_numpy(dtype=np.float64)
    named = {"image": table["image"].astype(str), "label": table["label"]}
    return pd.DataFrame({**named, "score": score, "wanted": wanted, "error": score - wanted})


def unit_labels(table: pd.DataFrame) -> Float64[ndarray, " rows"] | None:
    """Return the labels in [0, 1], higher is better: what ``score`` is to ``score_raw`` they are to the raw label.
    None where all scores are the same, which tells nothing of the scale."""
    score, raw = (table[name].to_numpy(dtype=np.float64) for name in ("score", "score_raw"))
    if len(score) == 0 or np.ptp(score) == 0:
        return None
    least, most = score.argmin(), score.argmax()
    step = (raw[most] - raw[least]) / (score[most] - score[least])
    return score[least] + (table["label"].to_numpy(dtype=np.float64) - raw[least]) / step
