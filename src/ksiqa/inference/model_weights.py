"""model.safetensors of a model folder: its header is held against the network before a tensor is read."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

LONGEST_HEADER = 4 * 2**20  # bytes; a network of a thousand tensors has some hundred thousand


def read_weights(file: Path, *, wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Read the tensors of a network, whoever wrote the file.

    Args:
        file: as safetensors writes them; a pickle is not opened. Half precision (float16) becomes float32.
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
    _check(file, found=shapes, wanted={name: tuple(value.shape) for name, value in wanted.items()}, what="shape")
    state = load_file(file)
    state = {name: value.float() if value.dtype == torch.float16 else value for name, value in state.items()}
    _check(
        file,
        found={name: value.dtype for name, value in state.items()},
        wanted={name: value.dtype for name, value in wanted.items()},
        what="type",
    )
    return state


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
