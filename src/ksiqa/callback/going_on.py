"""What a run that goes on needs to end with the same numbers, and Lightning does not see to."""

import random
from typing import Any

import lightning.pytorch as lightning
import numpy as np
import torch

from ksiqa.data.sampling import place_among_processes
from ksiqa.errors import CheckpointError
from ksiqa.task.epoch_means import of_all_processes


class GoingOn(lightning.Callback):
    """Saves and restores each process's generators of python, numpy, torch and CUDA, and starts within an epoch.

    Crops and order need no state: they are functions of seed and epoch (see ``ksiqa.data.sampling``), so that batches
    which were trained on are passed over without being read.
    """

    def on_save_checkpoint(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Put the states into the checkpoint, as plain numbers and tensors (it loads with weights_only)."""
        del trainer, pl_module
        version, words, gauss = random.getstate()
        name, keys, position, has_gauss, cached = np.random.get_state()  # noqa: NPY002  (the state that libraries draw from)
        states = {
            "python": [version, list(words), gauss],
            "numpy": [name, [int(key) for key in keys], int(position), int(has_gauss), float(cached)],
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        }
        checkpoint["random_states"] = of_all_processes(states)

    def on_load_checkpoint(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Remember the states: they are set when training starts, after all else that draws.

        Raises:
            CheckpointError: an older version wrote it.
        """
        del trainer, pl_module
        states = checkpoint["random_states"]
        if not isinstance(states, list):
            raise CheckpointError(
                found="a checkpoint of an older version of ksiqa",
                expected="one of the version that goes on with it",
                do="go on with that version, or start anew in another folder",
            )
        self._states = states[place_among_processes()[0] % len(states)]  # also where processes were fewer

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Set the states of the checkpoint, and leave out what the running epoch has had."""
        del pl_module
        started = trainer.fit_loop.epoch_loop.batch_progress.current.ready
        for loader in trainer.train_dataloader.values():  # type: ignore[union-attr]  # phases give them by source
            loader.skip = started % int(trainer.num_training_batches)
        states = getattr(self, "_states", None)
        if states is None:
            return
        version, words, gauss = states["python"]
        random.setstate((version, tuple(words), gauss))
        name, keys, position, has_gauss, cached = states["numpy"]
        np.random.set_state((name, np.array(keys, dtype=np.uint32), position, has_gauss, cached))  # noqa: NPY002
        torch.set_rng_state(states["torch"].cpu())
        if states["cuda"] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all([state.cpu() for state in states["cuda"]])
