"""Signals to end: what is scored is kept, and the error says how to go on."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ksiqa.errors import StoppedError

NUMBERS = (signal.SIGINT, signal.SIGTERM)
TOGETHER = 3.0  # seconds in which several signals are one: a terminal's and a parent's


class _Stop(BaseException):
    """Ends the block; no Exception, so that nothing that catches what decoders raise takes it for a broken image."""

    def __init__(self, error: StoppedError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def stoppable(do: str, *, in_launched: bool = False) -> Iterator[None]:
    """End, wherever the block is, at Ctrl-C or SIGTERM.

    Args:
        do: how to go on.
        in_launched: in a process that torch has launched, which hands Exceptions alone to the first one.

    Raises:
        StoppedError: with the status 130 or 143.
    """

    last = -TOGETHER

    def stop(number: int, _frame: Any) -> None:
        nonlocal last
        if time.monotonic() - last < TOGETHER:
            return
        last = time.monotonic()
        error = StoppedError(
            found=f"{signal.Signals(number).name}: the scoring stopped",
            expected="to go on from there",
            do=do,
            status=128 + number,
        )
        raise error if in_launched else _Stop(error)

    before = {number: signal.signal(number, stop) for number in NUMBERS}
    try:
        yield
    except _Stop as stopped:
        raise stopped.error from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
