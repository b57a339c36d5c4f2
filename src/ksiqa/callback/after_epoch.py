"""What looks at what an epoch came to."""

import lightning.pytorch as lightning
from lightning.pytorch.callbacks import Checkpoint


class AfterEpoch(Checkpoint):
    """Knows which figures are the epoch's own: Lightning keeps a validation's until the next one, whatever epochs lie
    between them.

    A ``Checkpoint``, since Lightning calls these after the task has logged its epoch.
    """

    validated = False  # in the running epoch

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Forget the epoch before."""
        del trainer, pl_module
        self.validated = False

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Note that the part was scored."""
        del trainer, pl_module
        self.validated = True

    def figures(self, trainer: lightning.Trainer) -> dict[str, float]:
        """Return the epoch's figures, those of its validation where it had one."""
        known = trainer.callback_metrics.items()
        return {name: float(value) for name, value in known if self.validated or not name.startswith("validation/")}
