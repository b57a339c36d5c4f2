"""Contestants take turns in short stints, so that what else the machine does falls on all of them alike."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import torch

from ksiqa.benchmark.counts import memory_of, synchronise

MOST_STEPS = 1000  # a stint
SHARE = 0.5  # of a contestant's seconds that one stint may take: the others need theirs


@dataclass(kw_only=True)
class Contestant:
    """Something that is timed.

    Args:
        name: of the model.
        work: ``training`` or ``scoring``.
        mode: ``eager``, ``compile``, ``graphs`` or ``onnx``.
        batch: images, or pairs, a step.
        stint: does so many steps and returns their seconds, the device synchronised at both ends.
        flops: of a step, multiplications and additions counted apart; None where nobody counts them.
    """

    name: str
    work: str
    mode: str
    batch: int
    stint: Callable[[int], float]
    flops: int | None = None
    steps: int = 1  # a stint
    memory: int | None = None  # bytes that a step takes beyond what was there before it; None on a CPU
    seconds: dict[int, float] = field(default_factory=dict)  # of a step, by round

    @property
    def images_per_second(self) -> float:
        """The median over the rounds."""
        return self.batch / median(self.seconds.values())


def timed(step: Callable[[], object], *, device: torch.device) -> Callable[[int], float]:
    """Return the stint of a step."""

    def stint(steps: int) -> float:
        synchronise(device)
        started = time.perf_counter()
        for _ in range(steps):
            step()
        synchronise(device)
        return time.perf_counter() - started

    return stint


def take_turns(contestants: Sequence[Contestant], *, rounds: int, seconds: float, device: torch.device) -> None:
    """Warm up, then let all take a stint a round; what is slow takes part in fewer rounds, and what takes longer for
    one step than it may for all is measured by its first one.

    Args:
        contestants: whose ``memory`` and ``seconds`` are filled.
        rounds: at most.
        seconds: that one contestant may take, warm-up left out.
        device: whose memory is looked at.
    """
    for one in contestants:
        first = _warmed_up(one, device)
        if first > seconds:
            one.seconds[0] = first
            continue
        step = _warmed_up(one, device)  # the first one may have made what later ones find
        one.steps = max(1, min(MOST_STEPS, int(SHARE * seconds / rounds / step)))
    for number in range(rounds):
        for one in contestants:
            so_far = sum(one.seconds.values()) * one.steps
            if not one.seconds or (number and so_far * (1 + 1 / number) <= seconds):
                one.seconds[number] = one.stint(one.steps) / one.steps


def _warmed_up(one: Contestant, device: torch.device) -> float:
    """Return the seconds of a step, and note its memory."""
    taken: list[float] = []
    one.memory = memory_of(lambda: taken.append(one.stint(1)), device=device)
    return taken[0]


def ratio(one: Contestant, other: Contestant) -> float:
    """Return images a second of one over those of another: the median over the rounds that both took part in."""
    both = one.seconds.keys() & other.seconds.keys()
    return median(one.batch / one.seconds[n] / (other.batch / other.seconds[n]) for n in both)
