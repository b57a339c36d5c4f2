"""Whether all terms of the loss are numbers, without waiting for a GPU at every step."""

from collections.abc import Mapping
from math import isfinite
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ksiqa.errors import NotFiniteError

SEEN_EVERY = 32  # steps on a GPU: to look at a value is to wait for it


class _Step(NamedTuple):
    number: int
    names: list[str]
    terms: Float[Tensor, " terms"]
    rows: Mapping[str, Int[Tensor, " batch"]]


class FiniteTerms:
    """Looks at each step's terms: at once on the CPU, on a GPU every few steps and before each checkpoint."""

    def __init__(self) -> None:
        self._steps: list[_Step] = []

    def add(
        self, terms: Mapping[str, Float[Tensor, ""]], *, step: int, rows: Mapping[str, Int[Tensor, " batch"]]
    ) -> None:
        """Take a step's terms and, by source, the rows of its images.

        Raises:
            NotFiniteError: of this step, or of an earlier one that is looked at now.
        """
        values = torch.stack([term.detach().float() for term in terms.values()])
        self._steps.append(_Step(step, list(terms), values, rows))
        if values.device.type == "cpu" or len(self._steps) == SEEN_EVERY:
            self.check()

    def check(self) -> None:
        """Look at all that was added since the last look.

        Raises:
            NotFiniteError: a term is NaN or infinite.
        """
        steps, self._steps = self._steps, []
        for step in steps:
            terms = dict(zip(step.names, step.terms.tolist(), strict=True))
            wrong = [f"{name} = {value}" for name, value in terms.items() if not isfinite(value)]
            if wrong:
                error = NotFiniteError(
                    found=f"a loss that is no number, step {step.number}: {', '.join(wrong)}",
                    expected="finite terms; the last checkpoint is from before this step",
                    do="look at the images, lower task.optimiser.lr and head_lr, or set strategy.precision=32-true",
                )
                error.rows = {source: rows.tolist() for source, rows in step.rows.items()}
                raise error
