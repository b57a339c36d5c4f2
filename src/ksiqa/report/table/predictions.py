"""The predictions.csv of runs: what differences and breakdowns are computed from."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float64
from numpy import ndarray

from ksiqa.errors import ConfigError
from ksiqa.report.table.run import Run


def predictions(run: Run) -> pd.DataFrame | None:
    """Return a run's predictions sorted by image; None where they were not kept."""
    file = run.predictions
    return None if file is None or not file.is_file() else _read(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=256)  # each run is asked for several times
def _read(file: Path, changed: int) -> pd.DataFrame:
    del changed  # another file under the same name is read again
    table = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""])  # KADID-10k's types are 01 to 25
    numbers = [name for name in map(str, table.columns) if name in ("label", "level") or "score" in name]
    table[numbers] = table[numbers].astype(np.float64)  # to the last digit, which pandas' own parser may miss
    return table.sort_values("image", kind="stable", ignore_index=True)


def contents(tables: Sequence[pd.DataFrame], *, origin: str) -> list[str]:
    """Return the content of each image; the tables are of the same images, and one that names contents will do.

    Those of older versions name references alone, which stand for contents where every image has one. ``origin`` names
    the first one's run.

    Raises:
        ConfigError: no table says what the contents are.
    """
    for table in tables:
        if "content" in table:
            return table["content"].tolist()
    references = tables[0]["reference"]
    if references.isna().any():
        raise ConfigError(
            found=f"--draw contents, and {origin} of an older version, whose predictions name no contents",
            expected="a column content, or a reference for each image",
            do="set --draw images, or evaluate the model anew (ksiqa evaluate), which names contents",
        )
    return references.tolist()


def oriented_labels(table: pd.DataFrame) -> Float64[ndarray, " rows"]:
    """Return the labels so that higher is better, as the scores are: ``score_raw`` tells the direction of the scale."""
    label = table["label"].to_numpy(dtype=np.float64)
    score, raw = (table[name].to_numpy(dtype=np.float64) for name in ("score", "score_raw"))
    falls = np.corrcoef(score, raw)[0, 1] < 0 if np.ptp(score) > 0 else False
    return -label if falls else label
