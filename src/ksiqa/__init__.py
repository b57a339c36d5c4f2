"""KSIQA: image quality assessment by knowledge sharing between a full-reference and a no-reference model."""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ksiqa import errors

if TYPE_CHECKING:
    from ksiqa.inference.image_score import ImageScore
    from ksiqa.inference.quality_score import QualityLoss, QualityScore
    from ksiqa.inference.scoring import Scorer, load

__version__ = version("ksiqa")
__all__ = ["ImageScore", "QualityLoss", "QualityScore", "Scorer", "errors", "load"]


def __getattr__(name: str) -> Any:
    """Import what scores where it is asked for first: torch takes seconds, and commands' --help needs none of it; nor
    does a scorer of photographs need torchmetrics, which takes seconds too."""
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    module = "quality_score" if name.startswith("Quality") else "scoring"
    return getattr(import_module(f"ksiqa.inference.{module}"), name)


def __dir__() -> list[str]:
    """Name what is there to be asked for, whether it was imported or not."""
    return sorted([*__all__, "__version__"])
