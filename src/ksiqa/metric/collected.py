"""Predictions gathered over batches and processes, so that correlations are taken over the whole part."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float64, Int, Int64
from numpy import ndarray
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from ksiqa.errors import KsiqaError

# Scores of one image in two batches differ by the rounding of float32 kernels, which is well below this share
# of the scale; a larger difference means that an image's score depends on its batch.
SAME = 1e-4


class Collected(NamedTuple):
    """Rows of a label table in rising order, each once, with what was predicted for them."""

    row: Int64[ndarray, " rows"]
    score: Float64[ndarray, " rows"]
    label: Float64[ndarray, " rows"]
    doubt: Float64[ndarray, " rows"]  # 1 throughout where a model has none


class CollectedScores(Metric):
    """Keeps every score; a row that a distributed sampler repeats to fill a batch counts once."""

    full_state_update = False
    is_differentiable = False
    row: list[Tensor]
    score: list[Tensor]
    label: list[Tensor]
    doubt: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        for name in Collected._fields:
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(
        self,
        row: Int[Tensor, " batch"],
        score: Float[Tensor, " batch"],
        label: Float[Tensor, " batch"],
        doubt: Float[Tensor, " batch"] | None = None,
    ) -> None:
        """Keep one batch: the rows' indices in the label table, predictions and labels in [0, 1], and the predictions'
        doubt where there is one."""
        # All states are float32 (exact for indices up to 2^24): torchmetrics gathers a process without a
        # batch as an empty float32 tensor, and a gather over unlike types aborts.
        self.row.append(row.detach().float())
        self.score.append(score.detach().float())
        self.label.append(label.detach().float())
        self.doubt.append((torch.ones_like(score) if doubt is None else doubt).detach().float())

    def compute(self) -> Collected:
        """All rows of all processes, on the CPU; none where batches came and were empty.

        Raises:
            KsiqaError: no batch came, or a row came twice with different scores or labels.
        """
        if isinstance(self.row, list) and not self.row:  # what processes have gathered is a tensor
            raise KsiqaError(
                found="no scored images",
                expected="at least one batch before the figures are taken",
                do="look whether the part of the split, or limit_*_batches, is empty",
            )
        row = dim_zero_cat(self.row).to("cpu", torch.int64).numpy()
        score = dim_zero_cat(self.score).to("cpu", torch.float64).numpy()
        label = dim_zero_cat(self.label).to("cpu", torch.float64).numpy()
        doubt = dim_zero_cat(self.doubt).to("cpu", torch.float64).numpy()
        unique, first, where = np.unique(row, return_index=True, return_inverse=True)
        for name, values in (("scores", score), ("labels", label)):
            apart = np.abs(values - values[first][where]) > SAME
            if apart.any():
                at = apart.argmax()
                raise KsiqaError(
                    found=f"row {row[at]} twice, with {name} {values[first][where][at]:g} and {values[at]:g}",
                    expected=f"one value a row, repeated rows within {SAME:g} of it",
                    do="score each image once per pass, with fixed views, in evaluation mode",
                )
        return Collected(row=unique, score=score[first], label=label[first], doubt=doubt[first])
