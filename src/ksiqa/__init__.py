"""KSIQA: image quality assessment by knowledge sharing between a full-reference and a no-reference model."""

from importlib.metadata import version

__version__ = version("ksiqa")
