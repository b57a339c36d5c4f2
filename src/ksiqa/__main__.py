"""``python -m ksiqa X``: the same as ``ksiqa X``."""

from ksiqa.cli import main

main()
