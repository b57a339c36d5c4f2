"""Where commands print: as wide as the terminal; elsewhere, in a pipe or a file, as wide as a table is."""

from rich.console import Console

WIDE = 10_000  # columns


def open_console() -> Console:
    """Return what prints to the standard output; nothing is cut or folded where that is no terminal."""
    found = Console()
    return found if found.is_terminal else Console(width=WIDE)
