"""Whether all terms of the loss are numbers, without waiting for a GPU at every step."""

from collections.abc import Mapping
from math import isfinite
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ksiqa.errors import NotFiniteError

SEEN_EVERY = 64  # looks on a GPU, two a step: each waits for it


class _Seen(NamedTuple):
    step: int
    rows: Mapping[str, Int[Tensor, " batch"]]
    names: list[str]
    terms: Float[Tensor, " terms"]


class FiniteTerms:
    """Looks at what each step comes to: at once on the CPU, on a GPU every few steps and before each checkpoint."""

    def __init__(self) -> None:
        self._seen: list[_Seen] = []

    def start(self, step: int, *, rows: Mapping[str, Int[Tensor, " batch"]]) -> None:
        """Say which step begins, and by source the rows of its images."""
        self._step, self._rows = step, rows

    def add(self, terms: Mapping[str, Float[Tensor, ""]]) -> None:
        """Take figures of the step that has begun.

        Raises:
            NotFiniteError: of these, or of earlier ones that are looked at now.
        """
        values = torch.stack([term.detach().float() for term in terms.values()])
        self._seen.append(_Seen(self._step, self._rows, list(terms), values))
        if values.device.type == "cpu" or len(self._seen) >= SEEN_EVERY:
            self.check()

    def check(self) -> None:
        """Look at all that was added since the last look.

        Raises:
            NotFiniteError: a term is NaN or infinite.
        """
        seen, self._seen = self._seen, []
        for one in seen:
            terms = dict(zip(one.names, one.terms.tolist(), strict=True))
            wrong = [f"{name} = {value}" for name, value in terms.items() if not isfinite(value)]
            if wrong:
                error = NotFiniteError(
                    found=f"a loss that is no number, step {one.step}: {', '.join(wrong)}",
                    expected="finite terms; the last checkpoint is from before this step",
                    do="look at the images, lower task.optimiser.lr and head_lr, or set strategy.precision=32-true",
                )
                error.rows = {source: rows.tolist() for source, rows in one.rows.items()}
                raise error
