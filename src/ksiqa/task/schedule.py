"""The learning rate over the steps of a phase."""

import math
from collections.abc import Callable


def warmup_cosine(*, steps: int, warmup: float) -> Callable[[int], float]:
    """Return the factor of the learning rate by step: linear up over ``warmup`` x ``steps``, then a cosine to zero."""
    rising = max(1, round(warmup * steps))

    def factor(step: int) -> float:
        if step < rising:
            return (step + 1) / rising
        return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))

    return factor
