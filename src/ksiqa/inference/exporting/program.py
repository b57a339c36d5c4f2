"""A model as torch captures it: one graph over images of any number and any size that needs no tiles."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from ksiqa.batch import View
from ksiqa.errors import ModelFolderError
from ksiqa.inference.exporting.same_padding import with_plain_sizes
from ksiqa.inference.model_folder import TrainedModel
from ksiqa.model.teacher import Teacher
from ksiqa.tiles import WHOLE

BATCH = 4096  # images at most


class ScoringNetwork(nn.Module):
    """The network from pixels to the named results of which it has any.

    ``image`` and ``reference`` are RGB in [0, 1], (batch, 3, rows, columns), sides that the cell divides; the results
    are ``score`` (batch), ``levels`` (batch, levels), ``quality_map`` (batch, tokens down, tokens across) and ``doubt``
    (batch).
    """

    def __init__(self, trained: TrainedModel, *, full_reference: bool) -> None:
        super().__init__()
        network = trained.teacher if full_reference else trained.student
        if network is None:
            raise ModelFolderError(
                found="a model without a trained " + ("teacher" if full_reference else "student"),
                expected="a model that scores " + ("against" if full_reference else "without") + " a reference",
                do="leave --full-reference out" if full_reference else "add --full-reference",
            )
        self.network = network
        self.source = source_of(trained, full_reference=full_reference)
        self.cell = network.feature_extraction.cell

    def forward(self, image: Tensor, reference: Tensor | None = None) -> dict[str, Tensor]:
        """Return the results by their names."""
        if reference is None:
            found = self.network(View(image), source=self.source)
        else:
            found = self.network(View(image), View(reference), source=self.source)
        maps = {"quality_map": found.quality_map, "doubt": found.doubt}
        named = {"score": found.score, "levels": found.level_probabilities, **maps}
        return {name: value for name, value in named.items() if value is not None}

    @property
    def largest_grid(self) -> int:
        """Tokens a side that need no tiles."""
        return WHOLE // self.network.feature_extraction.pool

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs."""
        return ["image", "reference"] if isinstance(self.network, Teacher) else ["image"]


def source_of(trained: TrainedModel, *, full_reference: bool) -> str:
    """Return the set on whose scale a model scores."""
    return (trained.fr_source if full_reference else None) or trained.source


def example(network: ScoringNetwork, *, batch: int, rows: int, columns: int) -> tuple[Tensor, ...]:
    """Return inputs of a network, each of its own noise, of so many tokens a side."""
    noise = torch.Generator().manual_seed(rows * columns)
    shape = (batch, 3, rows * network.cell, columns * network.cell)
    return tuple(torch.rand(shape, generator=noise) for _ in network.inputs)


def captured(network: ScoringNetwork) -> ExportedProgram:
    """Capture a network with its batch, its rows and its columns left open.

    The network, which is left as it is, must be in evaluation mode.
    """
    largest = network.largest_grid
    sides = {2: network.cell * Dim("rows", min=1, max=largest), 3: network.cell * Dim("columns", min=1, max=largest)}
    shape = {0: Dim("batch", min=1, max=BATCH), **sides}
    plain = with_plain_sizes(deepcopy(network))
    return torch.export.export(
        plain,
        example(network, batch=2, rows=5, columns=7),
        dynamic_shapes=dict.fromkeys(network.inputs, shape),
    )
