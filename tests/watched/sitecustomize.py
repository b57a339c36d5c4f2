"""On the path of a process and of all that it starts: refuses and notes every address that is not of this machine."""

import os
import sys
from typing import Any

ASKED = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1, "socket.getaddrinfo": 0}  # place of the address
HERE = ("", "localhost", "127.0.0.1", "::1", "0.0.0.0", None)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in ASKED:
        return
    address = arguments[ASKED[event]]
    host = address[0] if isinstance(address, tuple) else address if event == "socket.getaddrinfo" else None
    if host not in HERE:
        with open(os.environ["NETWORK_ASKED"], "a") as file:  # noqa: PTH123  (nothing more is imported before a program starts)
            file.write(f"{event} {address!r} {sys.argv}\n")
        raise OSError(f"no network here: {address!r}")


sys.addaudithook(_watch)
