"""The processes of a training look after one another: where one is gone, the others end, and say so."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from signal import Signals
from subprocess import Popen
from threading import Event, Thread

from lightning.pytorch.strategies.launchers import subprocess_script

from ksiqa.errors import LostProcessError, told

LOOK_EVERY = 1.0  # seconds
OBSERVER = "_launch_process_observer"  # Lightning's, which kills without a word; this one stands in its place
TO_END = 10.0  # seconds that a process has to end by itself: with what a broken connection says, or its own error


@contextmanager
def watching(*, parent: int | None) -> Iterator[None]:
    """Let this process end within seconds where those that it trains with are gone, whatever it waits for: its parent,
    if one is named, and the children that Lightning starts in the meantime."""
    over, before = Event(), getattr(subprocess_script, OBSERVER)
    setattr(subprocess_script, OBSERVER, lambda children: _look(lambda: _gone(children), over))
    if parent is not None:
        _look(lambda: None if os.getppid() == parent else "the one that started this one ended", over)
    try:
        yield
    finally:
        over.set()
        setattr(subprocess_script, OBSERVER, before)


def lost(how: str) -> LostProcessError:
    """Return the error of a process whose company is gone."""
    return LostProcessError(
        found=f"a process of this training ended, or cannot be reached: {how}",
        expected="all of its processes until the end of training",
        do="see what that one said, then repeat the command with +resume=auto",
    )


def _look(gone: Callable[[], str | None], over: Event) -> None:
    def look() -> None:
        while not over.wait(LOOK_EVERY):
            how = gone()
            if how is not None and not over.wait(TO_END):
                error = lost(how)
                sys.stderr.write(told(error))
                sys.stderr.flush()
                os._exit(error.status)  # whatever the main thread waits for

    Thread(target=look, name="watch", daemon=True).start()


def _gone(children: Sequence["Popen[bytes]"]) -> str | None:
    for rank, child in enumerate(children, start=1):
        status = child.poll()
        if status is not None:
            return f"process {rank}, {Signals(-status).name if status < 0 else f'status {status}'}"
    return None
