"""Runs of one recipe on one set, as a row: what is averaged, and what is refused."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ksiqa.errors import ConfigError
from ksiqa.metric.spread import Spread, spread
from ksiqa.report.table.kinds import Kind, kind_of, set_order
from ksiqa.report.table.labels import labels
from ksiqa.report.table.run import Run


class Scores(NamedTuple):
    """One of the models that a run tests: how its figures' keys begin, its column of predictions.csv, its name."""

    prefix: str
    column: str
    title: str = ""


SCORES = {
    "model": Scores("test/", "score"),
    "fr": Scores("test/teacher_", "fr_score", "FR teacher"),  # beside a student
    "ridge": Scores("ridge/", "ridge_score", "ridge"),
}


@dataclass(frozen=True, kw_only=True)
class Group:
    """Runs that differ in split and seed alone, in the order of both."""

    name: str
    kind: Kind
    runs: list[Run]

    @property
    def trained_on(self) -> str:
        """The set of the training: another than ``kind.data`` across databases."""
        return str(self.runs[0].results.get("trained.data", self.kind.data))

    @property
    def splits(self) -> list[tuple[int, ...]]:
        """The splits, each once."""
        return sorted({run.split for run in self.runs})

    @property
    def seeds(self) -> list[int]:
        """The seeds, each once."""
        return sorted({run.seed for run in self.runs})

    def of_split(self, split: tuple[int, ...]) -> list[Run]:
        """Return a split's runs, a seed each."""
        return [run for run in self.runs if run.split == split]

    def has(self, key: str) -> bool:
        """Whether any run has a figure or has failed to have it."""
        return any(key in run.results for run in self.runs)

    def by_split(self, key: str) -> list[float | None]:
        """Return a figure by split, seeds averaged; None where a seed's fit did not converge."""
        return [mean([run.results.get(key) for run in self.of_split(split)]) for split in self.splits]

    def over_splits(self, key: str) -> Spread:
        """Return the spread over splits of a figure."""
        return spread(self.by_split(key))

    def extent(self, key: str) -> str:
        """Return a count of images as one number, or as its least and its most."""
        counts = sorted({int(run.results[key]) for run in self.runs if run.results.get(key) is not None})
        return "" if not counts else str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def same_tests(group: Group) -> list[str]:
    """Say of run folders which splits have one test part: drawn from few contents, it may come twice, and then ten
    splits are no ten tests."""
    together: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for split in group.splits:
        folder = group.of_split(split)[0].own_folder
        parts = [] if folder is None else sorted(folder.glob("split/**/test.txt"))
        if parts:
            together[tuple(file.read_text(encoding="utf-8") for file in parts)].append(split[-1])
    return [
        f"{group.name}: splits {', '.join(map(str, same))} have the same test part, and are one test"
        for same in together.values()
        if len(same) > 1
    ]


def mean(values: Sequence[Any]) -> float | None:
    """Return the mean, None if any value is none."""
    return None if not values or any(value is None for value in values) else float(np.mean(values))


def grouped(runs: Iterable[Run], *, keys: Sequence[str] | None = None, by_seed: bool = False) -> list[Group]:
    """Group runs by recipe, set, marks and what was tested on (images, or kept features, which round otherwise), in a
    fixed order.

    Args:
        runs: in any order.
        keys: settings that name a group; None takes those that tell all groups of a set apart.
        by_seed: make each seed a group of its own: their differences show what chance alone does (A/A).

    Raises:
        ConfigError: two runs of one recipe, split and seed that differ, or an unknown key.
    """
    together: dict[tuple[Any, ...], list[Run]] = defaultdict(list)
    for run in runs:
        of_results = (
            run.results.get(key) for key in ("data", "label", "split.source", "data_fingerprint", "from_features")
        )
        together[run.recipe, run.marks, run.seed if by_seed else None, *of_results].append(run)
    checked = [once(sorted(found, key=lambda run: (run.split, run.seed, run.origin))) for found in together.values()]
    names = labels(checked, keys=keys)
    if by_seed:
        names = [f"{name}, seed {found[0].seed}" for name, found in zip(names, checked, strict=True)]
    groups = [Group(name=name, kind=kind_of(found), runs=found) for name, found in zip(names, checked, strict=True)]
    return sorted(groups, key=lambda group: (set_order(group.kind.data), group.kind, group.name, group.runs[0].recipe))


def once(runs: list[Run]) -> list[Run]:
    """Leave out a run that another one repeats exactly.

    Raises:
        ConfigError: two runs of one split and seed with different figures.
    """
    kept: dict[tuple[tuple[int, ...], int], Run] = {}
    for run in runs:
        first = kept.setdefault((run.split, run.seed), run)
        differing = [key for key in run.results if "/" in key and run.results[key] != first.results.get(key)]
        if differing:
            raise ConfigError(
                found=f"two runs of one config, split {run.split[-1]} and seed {run.seed}: {first.origin} and "
                f"{run.origin}, with {differing[0]} {first.results.get(differing[0])} and {run.results[differing[0]]}",
                expected="one run of each, or the same figures",
                do="name the folders of those that count",
            )
    return list(kept.values())
