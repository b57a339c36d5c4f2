"""What a step costs: operations, memory; and how many operations a second the machine does at best."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count

SIDES = {"cpu": 1024, "cuda": 8192}  # of the matrices: large enough that nothing but the multiplication counts
TRIES = 5


def synchronise(device: torch.device) -> None:
    """Wait until a GPU has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def flops_of(step: Callable[[], object]) -> int:
    """Return the floating-point operations of a step: two for each multiplication that is added up. Attention is
    counted as the two products that it is, whichever kernel does it."""
    own: Any = {torch.ops.aten.convolution_backward: _convolution_backward}
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False, custom_mapping=own) as counter:
        step()
    return int(counter.get_total_flops())


def memory_of(step: Callable[[], object], *, device: torch.device) -> int | None:
    """Do a step, and return the bytes of a GPU's memory that it takes at its peak beyond what was there before. None on
    a CPU: a process keeps what a contestant before it has freed, so that the first would seem to take the most."""
    if device.type != "cuda":
        step()
        return None
    synchronise(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    step()
    synchronise(device)
    return torch.cuda.max_memory_allocated(device) - before


def matmul(*, device: torch.device, dtype: torch.dtype, side: int | None = None) -> tuple[Callable[[], object], int]:
    """Return the multiplication of two square matrices, and its operations: 2 side^3."""
    side = side or SIDES[device.type]
    one, two = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    return lambda: one @ two, 2 * side**3


def best_rate(step: Callable[[], object], flops: int, *, device: torch.device) -> float:
    """Return operations a second, the best of some tries."""
    seconds = []
    for _ in range(TRIES):
        synchronise(device)
        started = time.perf_counter()
        step()
        synchronise(device)
        seconds.append(time.perf_counter() - started)
    return flops / min(seconds)


def _convolution_backward(grad: Any, image: Any, weight: Any, *rest: Any, **_: Any) -> int:
    """Return the operations of a convolution's gradients: each of the two costs what the convolution does. torch's own
    count takes that of a grouped one's weights for one without groups, which of depth-wise ones is hundreds too many.

    Args:
        grad: shape of the result's gradient, as the following are shapes.
        image: what goes in.
        weight: the kernel.
        rest: of torch's own arguments, the last of which tells the gradients that are wanted.
    """
    *_ignored, transposed, _padding, _groups, wanted = rest
    return conv_flop_count(image, weight, grad, transposed) * sum(map(bool, wanted[:2]))
