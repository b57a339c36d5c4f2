"""What the ``strategy`` node says of speed: how convolutions lie in memory, a fused optimiser, compiled steps.

None of it changes what is computed but for rounding, nor the names of the weights.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

import torch
from lightning.pytorch.utilities import rank_zero_only
from rich.console import Console

from ksiqa.batch import Batch
from ksiqa.data.datamodule import QualityData
from ksiqa.errors import choice
from ksiqa.task.phase import Phase
from ksiqa.task.quality import QualityTask
from ksiqa.task.terms import Terms

COMPILED = ("none", "default", "graphs")


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """Of the ``strategy`` node; what an older config does not tell is off, as it was then."""

    channels_last: bool = False
    fused: bool = False
    compile: str = "none"

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> "Tuning":
        """Return what a ``strategy`` node says.

        Raises:
            ConfigError: no such ``compile``.
        """
        values = {name: node[name] for name in OF_SPEED if name in node}
        choice(values.get("compile", "none"), allowed=COMPILED, name="strategy.compile")
        return cls(**values)


OF_SPEED = tuple(one.name for one in fields(Tuning))


def tune(task: QualityTask, tuning: Tuning, *, fixed: bool, batches: int = 1) -> None:
    """Let a task train so.

    Args:
        task: whose ``terms`` are compiled, if that is wanted.
        tuning: what is wanted.
        fixed: whether every step has the same shapes; CUDA graphs are of one shape.
        batches: whose gradients are added up; those of a CUDA graph lie where the next batch's are written.
    """
    for model in (task.student, task.teacher):
        if tuning.channels_last and model is not None:
            model.feature_extraction.to(memory_format=torch.channels_last)
    task.fused = tuning.fused
    graphs = tuning.compile == "graphs"
    lacking = {
        "no GPU": not torch.cuda.is_available(),
        "steps of different shapes": not fixed,
        "gradients of several batches": batches > 1,
    }
    first = next((name for name, lacks in lacking.items() if lacks), None)
    if graphs and first:
        _say(f"{first}: compiled without CUDA graphs")
    if tuning.compile != "none":
        trained: Any = task  # QualityTask itself trains nothing
        mode = "reduce-overhead" if graphs and not first else None
        trained.terms = CompiledTerms(trained.terms, mode=mode, fixed=fixed)


class CompiledTerms:
    """A task's ``terms``, compiled at the first step, and their gradients, too; where that fails, it says so, and they
    go on as they are.

    Args:
        terms: of a ``StudentTask`` or a ``TeacherTask``.
        mode: of ``torch.compile``: ``reduce-overhead`` are CUDA graphs.
        fixed: whether all batches of a source have one shape: each is compiled for its own. Else torch compiles for any
            shape once it has seen a second one.
        backend: of ``torch.compile``.
    """

    def __init__(
        self, terms: Callable[..., Terms], *, mode: str | None, fixed: bool, backend: Any = "inductor"
    ) -> None:
        self.plain = terms
        dynamic = False if fixed else None
        self.fast: Callable[..., Terms] | None = torch.compile(terms, mode=mode, dynamic=dynamic, backend=backend)

    def __call__(self, batch: Batch, **how: Any) -> Terms:
        """Return the terms of a batch."""
        if self.fast is not None:
            from torch._dynamo.exc import TorchDynamoException  # takes a second, which others need not wait
            from torch._functorch.config import patch

            try:
                with patch(force_non_lazy_backward_lowering=True):  # here, where it can be caught
                    return self.fast(batch, **how)
            except TorchDynamoException as error:  # of whatever part of the compiler
                lines = [line.strip() for line in str(error).splitlines() if line.strip()]
                _say(f"training goes on without torch.compile, which failed: {' '.join(lines[:2])}")
                self.fast = None
        return self.plain(batch, **how)


def fixed_shapes(phase: Phase) -> bool:
    """Tell whether every step of a phase has batches of the same shapes."""
    return all(_fixed(one, paired=phase.paired) for one in (*phase.target.sets, *phase.beside))


def _fixed(data: QualityData, *, paired: bool) -> bool:
    """Tell it of one set: no rounded share of a mix, no rows without a reference among others."""
    whole = all((edge * data.batch_size).denominator == 1 for edge in map(Fraction, data.slot))
    there = data.table.frame["reference"].notna().iloc[list(data.split.train)]
    alike = paired or not data.parts["train"].with_reference or bool(there.all() or not there.any())
    return whole and alike


def _say(text: str) -> None:
    if not getattr(rank_zero_only, "rank", 0):
        Console().print(text, soft_wrap=True, markup=False, highlight=False)
