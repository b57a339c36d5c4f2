"""Models for programs without ksiqa: one graph, checked against the network before it is handed out."""

from typing import NamedTuple

import torch

from ksiqa.inference.exporting import onnx_form, torch_form
from ksiqa.inference.exporting.check import largest_difference
from ksiqa.inference.exporting.facts import facts
from ksiqa.inference.exporting.program import ScoringNetwork, captured, example
from ksiqa.inference.model_folder import TrainedModel


class Exported(NamedTuple):
    """A file's content, and by how much its results differ from the network's at most."""

    content: bytes
    largest_difference: float


def exported(trained: TrainedModel, *, form: str, full_reference: bool) -> Exported:
    """Export a model on the CPU; see ``ksiqa.export.export``."""
    if form == "onnx":
        onnx_form.check_packages()
    network = ScoringNetwork(trained, full_reference=full_reference).eval()
    told = facts(trained, network)
    with torch.no_grad():
        program = captured(network)
        results = list(network(*example(network, batch=1, rows=2, columns=2)))
    if form == "onnx":
        content = onnx_form.onnx_bytes(program, network, told=told, results=results)
        scored = onnx_form.opened(content, results=results)
    else:
        content = torch_form.torch_bytes(program, told=told)
        scored = torch_form.opened(content)
    return Exported(content, largest_difference(network, scored))
