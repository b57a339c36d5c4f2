"""An exported model must say what the model itself says: compared on several sizes and batches before it is written."""

from collections.abc import Callable

import torch
from torch import Tensor

from ksiqa.errors import ExportError
from ksiqa.inference.exporting.program import ScoringNetwork, example

LARGEST = 1e-4  # difference, of numbers in [0, 1]
SIZES = ((1, 1, 1), (2, 2, 3), (3, 5, 4), (1, 16, 16), (2, 35, 23), (1, 37, 37))
"""Images, tokens down, tokens across: one token, odd and even sides, the grids of usual backbones."""

Results = dict[str, Tensor]


@torch.inference_mode()
def largest_difference(network: ScoringNetwork, exported: Callable[..., Results]) -> float:
    """Return by how much the results of an exported model differ at most from its network's, in full precision.

    Raises:
        ExportError: by more than ``LARGEST``, or they are no numbers.
    """
    largest = 0.0
    largest_grid = network.largest_grid  # what is larger is looked at in tiles, which no exported model does
    for batch, rows, columns in (*SIZES, (1, largest_grid, 3), (1, 28, largest_grid)):
        inputs = example(network, batch=batch, rows=rows, columns=columns)
        expected, found = network(*inputs), exported(*inputs)
        for name, value in expected.items():
            difference = float((found[name] - value).abs().max())
            if not difference <= LARGEST:  # NaN too
                raise ExportError(
                    found=f"{name} of {batch} images of {rows} x {columns} tokens, off by {difference:.2g}",
                    expected=f"the model's own within {LARGEST:g}; nothing was written",
                    do="see whether ksiqa predict scores with this model; try the other --format, or another version"
                    " of torch or onnxscript",
                )
            largest = max(largest, difference)
    return largest
