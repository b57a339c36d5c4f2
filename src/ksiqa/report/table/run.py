"""One run, as tables see it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ksiqa.metric.correlation import few

LACKING = ("missing", "missing_references", "unlisted", "bad_images", "pairs_missing")
"""Results that count what a copy of a set lacks."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training, tested on one set: its own, or another across databases."""

    origin: str  # its folder, or file and row, for errors
    folder: Path | None  # with metrics.csv; None for a row of results.csv
    predictions: Path | None  # predictions.csv
    results: dict[str, Any]  # results.json with dotted keys; None: a fit that did not converge
    settings: dict[str, Any]  # of the recipe, with dotted keys
    recipe: str  # fingerprint

    @property
    def split(self) -> tuple[int, ...]:
        """Which split it was tested on; across databases after the one that it was trained on."""
        known = self.results
        across = known.get("trained.data", known["data"]) != known["data"] and "trained.split.index" in known
        return (*([int(known["trained.split.index"])] if across else []), int(known["split.index"]))

    @property
    def own_folder(self) -> Path | None:
        """Its folder, where it was tested on its own set's split, which is written there."""
        return self.folder if self.predictions is not None and self.predictions.name == "predictions.csv" else None

    @property
    def seed(self) -> int:
        """The seed of its training."""
        return int(self.results["seed"])

    @property
    def evaluated(self) -> bool:
        """Whether a saved model was tested, and not a training's."""
        return self.results.get("experiment") == "evaluate"

    @property
    def marks(self) -> frozenset[str]:
        """Why its figures are no figures like others."""
        lacking = any(self.results.get(prefix + name) for name in LACKING for prefix in ("", "trained."))
        found = {
            "partial data": lacking,
            "fewer than ten test images": few(self.results.get("test_n")),
            "pseudo-scores": self.results["label"] == "pseudo-score",
            "selected on the test part": self.results.get("best_on_test/srcc") is not None,
            "tested on another split": self._saw_another_split(),
            "trained on the same photographs": bool(self.results.get("same_photographs")),
        }
        return frozenset(name for name, is_so in found.items() if is_so)

    def _saw_another_split(self) -> bool:
        """Tell whether a model was evaluated on a split of its set that it was not trained on: it has seen images."""
        known = self.results
        keys = [key for key in ("source", "index", "seed") if f"trained.split.{key}" in known]
        same_set = known.get("trained.data") == known["data"]
        return same_set and any(known[f"trained.split.{key}"] != known.get(f"split.{key}") for key in keys)
