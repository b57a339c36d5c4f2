"""Checkpoints that know the files of their own folder alone."""

from pathlib import Path, PurePath
from typing import Any

from lightning.pytorch.callbacks import ModelCheckpoint

PATHS = ("best_model_path", "kth_best_model_path", "last_model_path")


class OwnFiles(ModelCheckpoint):
    """Lightning's, but what a checkpoint says of earlier ones is looked for in the folder of this run.

    Lightning removes, folders with all in them, what it finds named there as no longer wanted; the checkpoint may be
    a stranger's, or the run's folder may have been moved.
    """

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take a checkpoint's state, with its paths in this folder."""
        best = {self._here(path): score for path, score in state_dict["best_k_models"].items() if self._here(path)}
        paths = {name: self._here(state_dict[name]) for name in PATHS}
        super().load_state_dict({**state_dict, **paths, "best_k_models": best, "dirpath": self.dirpath})

    def _here(self, path: str) -> str:
        name = PurePath(path).name
        return str(Path(str(self.dirpath)) / name) if name.endswith(".ckpt") else ""
