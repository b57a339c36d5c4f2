"""A captured model as an ONNX file."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.export import ExportedProgram

from ksiqa.errors import ConfigError
from ksiqa.inference.exporting.facts import KEY
from ksiqa.inference.exporting.program import ScoringNetwork

OPSET = 20
UNFOLDED = "Skipping constant folding for op"  # a split of fixed weights is made anew each time: no result differs
PACKAGES = ("onnx", "onnxscript", "onnxruntime")


def check_packages() -> None:
    """Require what ONNX files are made and checked with.

    Raises:
        ConfigError: it is not installed.
    """
    missing = [name for name in PACKAGES if not installed(name)]
    if missing:
        raise ConfigError(
            found=f"--format onnx, and no package {missing[0]}",
            expected=f"{', '.join(PACKAGES)}",
            do="pip install 'ksiqa[onnx]'",
        )


def installed(name: str) -> bool:
    """Tell whether a package is there."""
    try:
        return find_spec(name) is not None
    except ValueError:  # it was put out of reach in this process
        return False


def onnx_bytes(program: ExportedProgram, network: ScoringNetwork, *, told: str, results: list[str]) -> bytes:
    """Return an ONNX file, the same for the same model; ``told`` goes to its metadata, ``results`` name its outputs."""
    import onnxscript.optimizer  # noqa: F401  (its loggers are there before they are told to leave something out)
    from onnx_ir.passes.common import ClearMetadataAndDocStringPass

    with _unsaid("onnxscript.optimizer", UNFOLDED):
        made = torch.onnx.export(
            program,
            input_names=network.inputs,
            output_names=results,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
            custom_translation_table=_translations(),
        )
    assert made is not None  # as it is with dynamo=True
    ClearMetadataAndDocStringPass()(made.model)  # where on this machine each line of code stands
    made.model.metadata_props[KEY] = told
    return made.model_proto.SerializeToString(deterministic=True)


@contextmanager
def _unsaid(package: str, beginning: str) -> Iterator[None]:
    """Leave out what the loggers of a package say that begins so; all else is said."""
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith(package)]

    def other(record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith(beginning)

    for one in loggers:
        one.addFilter(other)
    try:
        yield
    finally:
        for one in loggers:
            one.removeFilter(other)


def opened(content: bytes, *, results: list[str], threads: int = 0) -> Callable[..., dict[str, Tensor]]:
    """Return a function from inputs to results by onnxruntime, on the CPU; 0 ``threads``: one a core."""
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = threads
    session = InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]

    def scored(*inputs: Tensor) -> dict[str, Tensor]:
        given = {name: one.numpy() for name, one in zip(names, inputs, strict=True)}
        return {name: torch.from_numpy(one) for name, one in zip(results, session.run(results, given), strict=True)}

    return scored


def _translations() -> dict[Any, Any]:
    """Return what torch leaves untranslated: running products and minima over the thresholds, axis 1 of two.

    Each place reduces over all up to itself: (batch, n) becomes (batch, n, n), with n of some tens.
    """
    from onnxscript import opset20

    op: Any = opset20  # its operators take plain numbers and lists, too, which their annotations leave out

    def running(reduce: Callable[..., Any], values: Any, neutral: float) -> Any:
        places = op.Range(0, op.Squeeze(op.Shape(values, start=1)), 1)
        upto = op.GreaterOrEqual(op.Unsqueeze(places, [1]), op.Unsqueeze(places, [0]))
        return reduce(op.Where(upto, op.Unsqueeze(values, [1]), neutral), [2], keepdims=0)

    def product(values: Any, dim: int) -> Any:
        assert dim == 1
        return running(op.ReduceProd, values, 1.0)

    def minimum(values: Any, dim: int) -> Any:
        assert dim == 1
        return running(op.ReduceMin, values, float("inf")), op.Constant(value_int=0)  # places, which nobody asks for

    return {torch.ops.aten.cumprod.default: product, torch.ops.aten.cummin.default: minimum}
