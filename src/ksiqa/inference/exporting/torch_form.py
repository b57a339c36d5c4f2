"""A captured model as torch's own file, a .pt2."""

from collections.abc import Callable
from io import BytesIO

import torch
from torch import Tensor
from torch.export import ExportedProgram

from ksiqa.inference.exporting.facts import FILE


def torch_bytes(program: ExportedProgram, *, told: str) -> bytes:
    """Return what ``torch.export.load`` reads, with the facts among its extra files."""
    content = BytesIO()
    torch.export.save(program, content, extra_files={FILE: told})
    return content.getvalue()


def opened(content: bytes) -> Callable[..., dict[str, Tensor]]:
    """Return a function from inputs to results.

    Without torch's guards: these refuse sides of one place in any layer, for the strides they would have, which change
    no result.
    """
    return torch.export.load(BytesIO(content)).module(check_guards=False)
