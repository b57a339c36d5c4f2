"""Files scored by several processes, each on a device of its own and into parts of its own rank."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import timedelta
from multiprocessing.util import Finalize
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch.strategies import DDPStrategy
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException

from ksiqa.errors import ConfigError, LostProcessError
from ksiqa.prediction.maps import write_map
from ksiqa.prediction.parquet_rows import ParquetRows
from ksiqa.prediction.photographs import Photograph
from ksiqa.prediction.rows import MADE_BY
from ksiqa.prediction.work import Scoring, Work
from ksiqa.stopping import stoppable
from ksiqa.training.quiet import quiet_lightning

TO_END = 30.0  # seconds that a process has to write what it has
FIRST = 100  # of what a process does at its end: before multiprocessing closes the queues to its readers
PATIENCE = timedelta(days=365)  # of one that is done, for the others: one that is gone is noticed by the first process


def score_by_several(
    work: Work, files: Sequence[tuple[str, str]], rows: ParquetRows, *, made_by: str, devices: int
) -> None:
    """Score files by as many processes as devices, each in turn one of them.

    Raises:
        ConfigError: there are fewer devices.
        LostProcessError: one of them ended; what all had scored is kept.
    """
    if work.device != "cpu" and (work.device != "cuda" or torch.cuda.device_count() < devices):
        raise ConfigError(
            found=f"--device {work.device} --devices {devices} with {torch.cuda.device_count()} GPUs",
            expected="--device cuda and as many GPUs as devices, or --device cpu",
            do="ask for fewer devices; CUDA_VISIBLE_DEVICES chooses which",
        )
    quiet_lightning()
    strategy = _Spawned(start_method="spawn", timeout=PATIENCE)
    trainer = lightning.Trainer(
        accelerator="cpu" if work.device == "cpu" else "gpu",
        devices=devices,
        strategy=strategy,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        use_distributed_sampler=False,
    )
    try:
        trainer.predict(_Rank(work, files, rows, made_by), return_predictions=False)
    except (ProcessExitedException, ProcessRaisedException) as error:
        lines = str(error).strip().splitlines()
        told = next((line.removeprefix("found: ") for line in lines if line.startswith("found: ")), lines[-1])
        raise LostProcessError(
            found=f"a process of this scoring ended: {told}",
            expected="all of them until the end",
            do="see what that one said, then repeat the command: what is scored is kept",
        ) from error
    finally:
        launched: Any = strategy.launcher
        _end(launched.procs if launched else [])


def _end(processes: Sequence[Any]) -> None:
    """Ask processes to end, each of which then writes what it has, and see to it that they do."""
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(TO_END)
        process.kill()


class _Spawned(DDPStrategy):
    """Lightning's, which says in each process that it has begun."""

    def setup_environment(self) -> None:
        """Begin, and say nothing."""
        quiet_lightning()
        super().setup_environment()


class _Rank(lightning.LightningModule):
    """One process: it opens the model on its own device, and keeps its rows."""

    def __init__(self, work: Work, files: Sequence[tuple[str, str]], rows: ParquetRows, made_by: str) -> None:
        super().__init__()
        self.work, self.files, self.rows, self.made_by = work, files, rows, made_by

    def predict_dataloader(self) -> Iterator[list[Photograph]]:
        """Open the model, and give what this process is to read."""
        self.scoring = Scoring(self.work, device=str(self.trainer.strategy.root_device))
        self.groups = self.scoring.groups(self.files[self.global_rank :: self.trainer.world_size])
        return self.groups

    def on_predict_start(self) -> None:
        """Begin to keep rows, and to listen to signals. What is open is closed however this process ends: Lightning
        tells of errors in the process that started the others alone, and readers that are left would be waited for."""
        self.open = ExitStack()
        Finalize(None, self.open.close, exitpriority=FIRST)
        self.open.enter_context(stoppable("repeat the command: what is scored is kept", in_launched=True))
        self.open.enter_context(closing(self.groups))
        self.add = self.open.enter_context(self.rows.adding(self.global_rank))

    def transfer_batch_to_device(self, batch: list[Photograph], *_place: Any) -> list[Photograph]:
        """Leave that to the scorer."""
        return batch

    def predict_step(self, group: list[Photograph]) -> int:
        """Score what was read together; return of how many files."""
        for one in self.scoring.scored(group):
            write_map(one, self.scoring)
            self.add({**one.row, MADE_BY: self.made_by})
        return len(group)

    def on_predict_end(self) -> None:
        """Keep the rest."""
        self.open.close()
