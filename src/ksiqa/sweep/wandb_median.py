"""What a sweep with ``logger=wandb`` leaves beside its runs: a run of their medians."""

from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from rich.console import Console


class Median(Callback):
    """Called by Hydra after the last job of any sweep."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Log the medians of each recipe, where W&B is among the loggers and a run has come to its end."""
        del kwargs
        settings = (config.get("logger") or {}).get("wandb")
        folder = Path(config.hydra.sweep.dir)
        if settings is None or not any(folder.glob("*/results.json")):
            return
        from ksiqa.callback.wandb_sweep import log_medians  # pandas and W&B load here, not in every command

        logger = {key: value for key, value in settings.items() if key not in ("_target_", "name")}
        for place in log_medians(folder, name=config.name, **logger):
            Console().print(f"W&B, medians: {place}", soft_wrap=True, markup=False)
