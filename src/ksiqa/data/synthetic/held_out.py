"""Distortions for testing only: never in the registry of training families."""

from jaxtyping import UInt8
from numpy import ndarray
from numpy.random import Generator

from ksiqa.data.synthetic.compression import through_codec


def avif(image: UInt8[ndarray, "height width 3"], level: int, _rng: Generator) -> UInt8[ndarray, "height width 3"]:
    """AVIF at qualities of our own choice, monotone: a codec that no training pair has seen."""
    return through_codec(image, "AVIF", quality=(70, 45, 25, 12, 3)[level - 1])


HELD_OUT = {"avif": avif}
