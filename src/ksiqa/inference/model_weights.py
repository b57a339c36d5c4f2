"""model.safetensors of a model folder: what is written, and how its header is held against the network before a tensor
is read."""

from collections.abc import Mapping, Set
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

LONGEST_HEADER = 4 * 2**20  # bytes; a network of a thousand tensors has some hundred thousand

SCALE = ".scale"  # after a weight's name: what the whole numbers of each of its rows are times
LARGEST = 127  # of the whole numbers of int8 that lie on both sides of 0


def weights_as(dtype: torch.dtype, *, of: nn.Module) -> dict[str, Tensor]:
    """Return a network's tensors as a file holds them.

    Args:
        dtype: float32; float16; int8: the weights of linear and convolutional layers as whole numbers, with a scale a
            row (an output channel), so that each is at most half a 127th of its row's largest off; the rest in float16.
        of: the network.
    """
    layers = (name for name, module in of.named_modules() if isinstance(module, nn.Linear | nn.Conv2d))
    rounded = {f"{name}.weight" for name in layers} if dtype == torch.int8 else ()
    floats = torch.float16 if dtype == torch.int8 else dtype
    state: dict[str, Tensor] = {}
    for name, value in of.state_dict().items():
        if name in rounded:
            rows = value.float().flatten(1)
            scale = rows.abs().amax(dim=1).clamp_min(torch.finfo(torch.float32).tiny) / LARGEST
            state[name] = (rows / scale[:, None]).round().to(torch.int8).view_as(value)
            state[name + SCALE] = scale
        else:
            state[name] = value.to(floats).contiguous() if value.is_floating_point() else value.contiguous()
    return state


def read_weights(file: Path, *, wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Read the tensors of a network, whoever wrote the file.

    Args:
        file: as safetensors writes them; a pickle is not opened. All that ``weights_as`` makes becomes float32.
        wanted: the network's state dict, which may be on the device ``meta``.

    Raises:
        SafetensorError: the file is damaged.
        ValueError: it is of another format, or its tensors are not the network's.
    """
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
    if length > LONGEST_HEADER:
        raise ValueError(f"{file.name}, which is no safetensors file or has a header of {length} bytes")
    with safe_open(file, framework="pt") as opened:
        shapes = {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118  (no mapping)
    expected = {name: tuple(value.shape) for name, value in wanted.items()}
    scaled = {name for name in wanted if name + SCALE in shapes and name + SCALE not in wanted}
    expected |= {name + SCALE: expected[name][:1] for name in scaled}
    _check(file, found=shapes, wanted=expected, what="shape")
    state = _in_full(load_file(file), scaled=scaled)
    _check(
        file,
        found={name: value.dtype for name, value in state.items()},
        wanted={name: value.dtype for name, value in wanted.items()},
        what="type",
    )
    return state


def _in_full(state: Mapping[str, Tensor], *, scaled: Set[str]) -> dict[str, Tensor]:
    """Return half precision as float32, and whole numbers times their scale where they have one."""
    full = {name: value.float() if value.dtype == torch.float16 else value for name, value in state.items()}
    for name in scaled:
        value, scale = full[name], full[name + SCALE]
        if (value.dtype, scale.dtype) == (torch.int8, torch.float32):  # of other types they stay, and are refused
            full[name] = value * full.pop(name + SCALE).view(-1, *[1] * (value.ndim - 1))
    return full


def tensor_bytes(file: Path) -> int:
    """Return how many bytes a file's tensors take, without its header."""
    with file.open("rb") as opened:
        return file.stat().st_size - 8 - int.from_bytes(opened.read(8), "little")


def _check(file: Path, *, found: Mapping[str, object], wanted: Mapping[str, object], what: str) -> None:
    missing = [name for name in wanted if name not in found]
    more = [name for name in found if name not in wanted]
    other = [name for name in wanted if name in found and wanted[name] != found[name]]
    if missing or more or other:
        raise ValueError(
            f"{file.name} lacks {len(missing)} of the config's {len(wanted)} tensors, has {len(more)} others and"
            f" {len(other)} of another {what} (first: {(missing + more + other)[0]})"
        )
