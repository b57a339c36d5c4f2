"""FSDP2: weights, gradients and the optimiser's state shared out among the processes of a training."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor, distribute_tensor

from ksiqa.training.ddp import Ddp

LEAST = 10_000  # parameters of a unit: what is smaller is gathered with the rest


class Fsdp(Ddp):
    """Processes meet and score as with DDP; while they train, each holds a part of every weight.

    The task is sharded for good: train a copy, and give ``trained`` to the task itself. Whole weights are gathered for
    validation, for which processes have uneven numbers of batches, and until the next step. Checkpoints are those of
    any other training: whole, in one file.
    """

    trained: dict[
        str, Any
    ]  # all weights, in each process: as training left them, or found them where it was done before
    _whole = False

    def configure_ddp(self) -> None:
        """Shard what Lightning would wrap."""
        task: Any = self.lightning_module
        self.trained = {name: one.detach().clone().cpu() for name, one in task.state_dict().items()}
        shard(task, init_device_mesh(self.root_device.type, (self.world_size,)))

    def on_validation_start(self) -> None:
        """Gather all weights, in all processes at once."""
        self._keep(whole=True)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Let go of the weights that are of other processes."""
        del batch, batch_idx
        if self._whole:
            self._keep(whole=False)

    def on_train_end(self) -> None:
        """Keep what came out; the processes part after this."""
        self.trained = self.lightning_module_state_dict()

    def lightning_module_state_dict(self) -> dict[str, Any]:
        """Return the task's state, whole and in the shapes of the model."""
        task: Any = self.lightning_module
        state = {name: whole(one).reshape(self.trained[name].shape) for name, one in task.state_dict().items()}
        if self._whole:  # asking for the state has let go of the weights
            self._keep(whole=True)
        return state

    def optimizer_state(self, optimizer: Any) -> dict[str, Any]:
        """Return the optimiser's state, whole."""
        state: dict[str, Any] = dict(super().optimizer_state(optimizer))
        state["state"] = {place: _each(whole, values) for place, values in state["state"].items()}
        return state

    def load_optimizer_state_dict(self, checkpoint: Mapping[str, Any]) -> None:
        """Go on with a whole state."""
        for optimiser, state in zip(self.optimizers, checkpoint["optimizer_states"], strict=True):
            parameters = [one for group in optimiser.param_groups for one in group["params"]]
            shared = {
                place: _each(partial(_share_of, parameters[place]), values) for place, values in state["state"].items()
            }
            optimiser.load_state_dict({**state, "state": shared})

    def _keep(self, *, whole: bool) -> None:
        """Hold all weights in each process from here on, or each one's share between calls."""
        task: Any = self.lightning_module
        for unit in (module for module in task.modules() if isinstance(module, FSDPModule)):
            if unit is not task:  # whose own are needed for all of a step
                unit.set_reshard_after_forward(not whole, recurse=False)
            if whole:
                unit.unshard()
            else:
                unit.reshard()
        self._whole = whole


def shard(task: nn.Module, mesh: DeviceMesh) -> None:
    """Share a task's parameters out, each over all processes: every block of a stack is gathered by itself when it is
    called, the rest for a whole step. A single number, which cannot be shared out, becomes a row of one."""
    for module in task.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.ndim:
                row = nn.Parameter(parameter.detach().reshape(1), requires_grad=parameter.requires_grad)
                module.register_parameter(name, row)
    for block in _blocks(task):
        fully_shard(block, mesh=mesh)
    fully_shard(task, mesh=mesh)
    for name in ("training_step", "validation_step"):
        register_fsdp_forward_method(task, name)


def whole(value: Any) -> Any:
    """Return a tensor with the parts of all processes, on the CPU; all of them must ask."""
    return value.full_tensor().cpu() if isinstance(value, DTensor) else value


def _blocks(module: nn.Module) -> list[nn.Module]:
    """Return the outermost members of stacks (a transformer's blocks, a convolutional network's stages), each once."""
    found: dict[int, nn.Module] = {}
    for child in module.children():
        large = sum(one.numel() for one in child.parameters()) >= LEAST
        inside = [child] if isinstance(module, nn.Sequential | nn.ModuleList) else _blocks(child)
        found.update({id(one): one for one in inside if large})
    return list(found.values())


def _each(change: Callable[[Tensor], Tensor], values: Mapping[str, Any]) -> dict[str, Any]:
    """Change what an optimiser knows of a parameter, but for the count of its steps."""
    return {name: value if name == "step" else change(value) for name, value in values.items()}


def _share_of(like: DTensor, value: Tensor) -> Tensor:
    """Return this process's share of a tensor that is whole, as it has one of a parameter."""
    given = value.reshape(like.shape).to(like.device)
    return distribute_tensor(given, like.device_mesh, like.placements, src_data_rank=None)
