"""One training run of a regime."""

from dataclasses import dataclass, field

from torch import nn

from ksiqa.data.datamodule import Loader, QualityData
from ksiqa.task.quality import QualityTask


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A task, the images it learns from and the part it is validated on."""

    name: str
    task: QualityTask
    target: QualityData
    epochs: int
    beside: list[QualityData] = field(default_factory=list)
    frozen: list[nn.Module] = field(default_factory=list)  # parts that do not learn in this phase
    number: int = 0  # counted from 0; each phase has an order and crops of its own

    def loaders(self, *, processes: int = 1) -> dict[str, Loader]:
        """Return training batches by source; all give as many as the target.

        Args:
            processes: that train together.
        """
        batches = self.target.batches(processes=processes)
        return {
            data.name: data.train_dataloader(batches=batches, processes=processes, phase=self.number)
            for data in (self.target, *self.beside)
        }
