"""What Lightning says in every run and no user can act on; everything else it says is shown."""

import logging
import warnings

EXPECTED = {
    r".isinstance\(treespec, LeafSpec\). is deprecated": "torch 2.14 deprecates what Lightning 2.6 asks of its pytrees",
    r"Found \d+ module\(s\) in eval mode at the start of training": "frozen BatchNorm and frozen branches are meant",
    r"You defined a `validation_step` but have no `val_dataloader`": "a fixed number of epochs needs no validation",
    r"You're resuming from a checkpoint that ended before the epoch": "our loaders are told where to go on",
    r"The `srun` command is available on your system but is not used": "a machine of a queue may train without it",
    r"Checkpoint directory .* exists and is not empty": "a resumed run goes on in its own folder",
}
"""Beginnings of warnings, each with its reason."""


def quiet_lightning() -> None:
    """Leave out the warnings of ``EXPECTED``, and notices of devices, processes and tips (config.yaml says it)."""
    for beginning in EXPECTED:
        warnings.filterwarnings("ignore", message=beginning)
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
