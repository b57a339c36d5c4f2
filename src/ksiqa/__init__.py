"""KSIQA: image quality assessment by knowledge sharing between a full-reference and a no-reference model."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ksiqa.inference.image_score import ImageScore
    from ksiqa.inference.quality_score import QualityLoss, QualityScore
    from ksiqa.inference.scoring import Scorer, load

__version__ = version("ksiqa")
__all__ = ["ImageScore", "QualityLoss", "QualityScore", "Scorer", "load"]


def __getattr__(name: str) -> Any:
    """Import what scores where it is asked for first: torch takes seconds, and commands' --help needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from ksiqa.inference import quality_score, scoring

    return getattr(quality_score if name.startswith("Quality") else scoring, name)
