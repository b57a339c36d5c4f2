"""One training run of a regime."""

from dataclasses import dataclass, field
from typing import Any

from torch import nn

from ksiqa.data.datamodule import QualityData
from ksiqa.data.loader import Loader
from ksiqa.data.mixed import Data
from ksiqa.task.quality import QualityTask


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A task, the images it learns from and the part it is validated on."""

    name: str
    task: QualityTask
    target: Data
    epochs: int
    beside: list[QualityData] = field(default_factory=list)
    frozen: list[nn.Module] = field(default_factory=list)  # parts that do not learn in this phase
    paired: bool = False  # rows with a reference alone
    number: int = 0  # counted from 0; each phase has an order and crops of its own

    def loaders(self, *, processes: int = 1) -> dict[str, Loader]:
        """Return training batches by source; all give as many as the target.

        Args:
            processes: that train together.
        """
        batches = self.target.batches(processes=processes, paired=self.paired)
        settings: dict[str, Any] = {
            "batches": batches,
            "processes": processes,
            "phase": self.number,
            "paired": self.paired,
        }
        return {data.name: data.train_dataloader(**settings) for data in (*self.target.sets, *self.beside)}

    def validation(self) -> list[Loader] | None:
        """Return the validation part of each set, or None where there is none."""
        return [data.val_dataloader() for data in self.target.sets] if self.target.has_validation else None
