"""Signals to end: what is done is kept, and the error says how to go on."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ksiqa.errors import StoppedError

SIGNALS_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)  # Ctrl-C; clusters, before they take a node away
TOGETHER = 3.0  # seconds in which several signals are one: a terminal's and a parent's
AGAIN = 0.05  # seconds after which an end that got lost is tried again
GO_ON = "repeat the command with +resume=auto (a sweep: as it was)"


class _Stop(BaseException):
    """Ends the block; no Exception, so that nothing that catches what decoders raise takes it for a broken image."""

    def __init__(self, error: StoppedError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def stoppable(
    do: str, *, what: Callable[[], str] = lambda: "the scoring stopped", in_launched: bool = False
) -> Iterator[None]:
    """End, wherever the block is, at a signal to end; in a thread beside the main one none can be listened to.

    Args:
        do: how to go on.
        what: says what stopped, and what is kept of it.
        in_launched: in a process that torch has launched, which hands Exceptions alone to the first one.

    Raises:
        StoppedError: with the status 128 and the signal's number: 130, 138 or 143.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    last, came = -TOGETHER, 0
    me, tries = threading.get_ident(), list[threading.Timer]()

    def stop(number: int, _frame: Any) -> None:
        nonlocal last, came
        if time.monotonic() - last < TOGETHER:
            return
        last, came = time.monotonic(), number
        error = stopped(number, what(), do=do)
        raise error if in_launched else _Stop(error)

    def unraised(lost: Any) -> None:
        nonlocal last
        if isinstance(lost.exc_value, _Stop | StoppedError):  # it came while Python forked, or in a __del__
            last = -TOGETHER
            tries.append(threading.Timer(AGAIN, signal.pthread_kill, (me, came)))
            tries[-1].start()
        else:
            hook(lost)

    hook, sys.unraisablehook = sys.unraisablehook, unraised
    before = {number: signal.signal(number, stop) for number in SIGNALS_TO_END}
    try:
        yield
    except _Stop as end:
        raise end.error from None
    finally:
        for one in tries:
            one.cancel()
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def stopped(number: int, what: str, *, do: str) -> StoppedError:
    """Return the error of work that a signal ended; of the number 0, one that another process was sent."""
    name = signal.Signals(number).name if number else "a signal to another process"
    return StoppedError(
        found=f"{name}: {what}",
        expected="to go on from there",
        do=do,
        status=128 + (number or signal.SIGTERM),
    )


def deaf(_worker: int) -> None:
    """Leave the signals that all of a job are sent (by a cluster, by Ctrl-C) to the process that trains or scores: it
    ends its workers itself."""
    for number in (*SIGNALS_TO_END, signal.SIGUSR2):  # the last one is that of jobs that submitit queues again
        signal.signal(number, signal.SIG_IGN)
