"""Synthetic pairs as a source of images: photographs x families x levels, rendered when asked for."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import UInt8
from numpy import ndarray
from rich.console import Console
from rich.progress import Progress

from ksiqa.data.facts import Facts
from ksiqa.data.image_source import Bad, Pair
from ksiqa.data.synthetic.families import distort, stable_seed
from ksiqa.data.synthetic.measures import SAME, kept_measures, measure_key, measures, pixel_digest
from ksiqa.data.synthetic.photographs import Photographs
from ksiqa.data.synthetic.plan import Kind, plan
from ksiqa.data.synthetic.pseudo_score import pseudo_scores
from ksiqa.data.table import COLUMNS, LabelTable

LONG = 200  # pairs to measure, some ten seconds, from which on progress is shown


class _Seen(NamedTuple):
    """Height and width of a photograph, and its ``pixel_digest``."""

    size: tuple[int, int]
    digest: str


class SyntheticImages:
    """Pairs of a pristine photograph and its distorted copy, with pseudo-scores (see ``pseudo_score``).

    The table's ``image`` is a name such as ``coffee__jpeg__3``; ``content`` is the photograph's name. A
    pristine row (x, x) has the name ``coffee__pristine__0``, score 1, no distortion and no level.
    ``left_out`` names the pairs that were asked for and make no sense: colour families on a grey photograph.
    """

    def __init__(
        self,
        *,
        name: str,
        photographs: Mapping[str, UInt8[ndarray, "_ _ 3"]] | Sequence[Path],
        families: Sequence[str],
        levels: Sequence[int],
        size: tuple[int, int] | None,
        pristine: bool,
        seed: int,
        cache: Path | None,
        keep_in_memory: bool,
        bad: Sequence[Bad] = (),
    ) -> None:
        """Name the rows and score them; pairs whose measures ``cache`` does not hold are rendered for that.

        Args:
            name: the set's name, as in data=NAME.
            photographs: arrays by name, or paths.
            families: names of ``FAMILIES``.
            levels: of 1 to 5.
            size: (height, width) cut at each photograph's centre; None keeps them whole.
            pristine: whether each photograph is a row of its own, too.
            seed: of the distortions' random parts; every photograph draws its own.
            cache: folder for measures.csv, or None.
            keep_in_memory: whether a distorted image, once rendered, is kept.
            bad: photographs that are left out.

        Raises:
            ConfigError: no such family or level, or WebP without a rated codec.
            DatasetError: no photographs or no rows, two photographs of one name, a damaged cache.
            ImageError: a photograph cannot be read or is too small.
        """
        self.seed, self.bad, self._keep = seed, bad, keep_in_memory
        self._photographs = Photographs(photographs, size=size, keep_in_memory=keep_in_memory)
        self._known: dict[str, _Seen] = {}
        self._rendered: dict[int, UInt8[ndarray, "_ _ 3"]] = {}
        self._kinds, self.left_out = plan(self._photographs, families=families, levels=levels, pristine=pristine)
        measured = self._measure(cache)
        self._measured = pd.concat([pd.DataFrame(self._kinds), measured], axis=1)
        self.table = LabelTable(_facts(name), self._table(pseudo_scores(self._measured)))

    def anchor(self, means: pd.DataFrame) -> None:
        """Score the pairs anew by other human means (``training_means``)."""
        self.table = LabelTable(self.table.facts, self._table(pseudo_scores(self._measured, means=means)))

    @property
    def fingerprint(self) -> str:
        """Digest of the photographs, the distortions and their seeds."""
        return sha256("\n".join(self._key(kind) for kind in self._kinds).encode()).hexdigest()

    def size(self, row: int) -> tuple[int, int]:
        """Return height and width of a row's image."""
        return self._seen(self._kinds[row].content).size

    def load(self, row: int) -> Pair:
        """Render a row of the table: the distorted image and its reference, the same size.

        Raises:
            ImageError: the photograph cannot be read any more.
        """
        kind = self._kinds[row]
        reference = self._photographs[kind.content]
        if kind.family is None:
            return Pair(reference, reference)
        if row in self._rendered:
            return Pair(self._rendered[row], reference)
        distorted = distort(reference, family=kind.family, level=kind.level, seed=self._seed_of(kind))
        if self._keep:
            self._rendered[row] = distorted
        return Pair(distorted, reference)

    def _measure(self, cache: Path | None) -> pd.DataFrame:
        keys = [self._key(kind) for kind in self._kinds]
        shown = Progress(console=Console(stderr=True), transient=True, disable=len(keys) < LONG)
        with shown as progress:
            task = progress.add_task("measuring synthetic pairs", total=len(keys))

            def compute(row: int) -> dict[str, float]:
                progress.update(task, completed=row + 1)
                pair = self.load(row)
                return dict(SAME) if pair.reference is None else measures(pair.reference, pair.distorted)

            return kept_measures(keys, compute, cache=cache)

    def _key(self, kind: Kind) -> str:
        photograph = self._seen(kind.content).digest
        return measure_key(photograph, kind.family or "pristine", kind.level, self._seed_of(kind))

    def _seen(self, content: str) -> _Seen:
        if content not in self._known:
            pixels = self._photographs[content]
            self._known[content] = _Seen((pixels.shape[0], pixels.shape[1]), pixel_digest(pixels))
        return self._known[content]

    def _seed_of(self, kind: Kind) -> int:
        return stable_seed(self.seed, kind.content)

    def _table(self, scores: ndarray) -> pd.DataFrame:
        names = {
            "image": [kind.image_name for kind in self._kinds],
            "reference": [self._photographs.references[kind.content] for kind in self._kinds],
            "content": [kind.content for kind in self._kinds],
            "raw": scores,
            "spread": np.nan,
            "score": scores,
            "part": pd.Series([None] * len(scores), dtype=object),
            "distortion": pd.Series([kind.family for kind in self._kinds], dtype=object),  # None stays
            "level": [float(kind.level) if kind.family else np.nan for kind in self._kinds],
        }
        return pd.DataFrame(names, columns=list(COLUMNS))


def _facts(name: str) -> Facts:
    return Facts(name=name, title="synthetic pairs", label="pseudo-score", low=0.0, high=1.0, higher_is_better=True)
