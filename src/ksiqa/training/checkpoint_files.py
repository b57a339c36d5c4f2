"""Checkpoints on disk: written whole or not at all, in the folder itself, and read as data."""

from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO

from ksiqa.files import write_whole


class CheckpointFiles(TorchCheckpointIO):
    """How Lightning writes and reads checkpoints here.

    By itself it writes to the system's temporary folder and moves the file from there: where that is another disk, a
    process that is killed then leaves a part of a file in place of the checkpoint before.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint; the folder is there, or was removed.

        Raises:
            StorageError: it cannot be written.
        """
        del storage_options
        buffer = BytesIO()
        torch.save(checkpoint, buffer)
        with write_whole(Path(path), "wb") as file:
            file.write(buffer.getbuffer())

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = None) -> dict[str, Any]:
        """Read a checkpoint; nothing in it is executed."""
        del weights_only
        return torch.load(path, map_location=map_location or "cpu", weights_only=True)
