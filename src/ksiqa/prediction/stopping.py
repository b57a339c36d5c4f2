"""Signals to end: what is scored is kept, and the error says how to go on."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ksiqa.errors import StoppedError

NUMBERS = (signal.SIGINT, signal.SIGTERM)
TOGETHER = 3.0  # seconds in which several signals are one: a terminal's and a parent's


@contextmanager
def stoppable(do: str) -> Iterator[None]:
    """Raise, wherever the block is, at Ctrl-C or SIGTERM.

    Raises:
        StoppedError: with the status 130 or 143.
    """

    last = -TOGETHER

    def stop(number: int, _frame: Any) -> None:
        nonlocal last
        if time.monotonic() - last < TOGETHER:
            return
        last = time.monotonic()
        raise StoppedError(
            found=f"{signal.Signals(number).name}: the scoring stopped",
            expected="to go on from there",
            do=do,
            status=128 + number,
        )

    before = {number: signal.signal(number, stop) for number in NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
