"""``ksiqa X``: the same as ``python -m ksiqa.X``."""

import sys
from difflib import get_close_matches
from runpy import run_module

from ksiqa import __version__

COMMANDS = {
    "train": "train and test a model: +experiment=NAME [overrides]",
    "evaluate": "a saved model on a test part: checkpoint=DIR data=NAME [overrides]",
    "prepare": "look a dataset over and decode it: data=NAME data.root=FOLDER",
    "predict": "score photographs: PATH... [--model DIR]",
    "export": "a model for other programs: --model DIR --format onnx|torch --output FILE",
    "bench": "how fast this machine trains and scores, beside other models",
    "table": "tables and plots of finished runs: RUNS...",
    "dashboard": "one page of finished runs, opened without a network: RUNS... --output dashboard.html",
    "doctor": "what is there to train with, and what mends the rest: [--root NAME=FOLDER]",
    "completion": "a script for your shell: bash|zsh|fish",
}


def main() -> None:
    """Hand the command line to a command."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name == "--version":
        sys.stdout.write(f"ksiqa {__version__}\n")
        return
    if name not in COMMANDS:
        listed = "\n".join(f"  ksiqa {command:10} {meaning}" for command, meaning in COMMANDS.items())
        asked = name in ("--help", "-h")
        near = get_close_matches(name, COMMANDS, n=1)
        wrong = "" if asked else f"ksiqa: no command {name}" + (f"; did you mean {near[0]}?\n" if near else "\n")
        (sys.stdout if asked else sys.stderr).write(f"usage: ksiqa COMMAND ... | --version\n{listed}\n{wrong}")
        raise SystemExit(0 if asked else 2)
    sys.argv = [f"ksiqa {name}", *sys.argv[2:]]
    run_module(f"ksiqa.{name}", run_name="__main__", alter_sys=True)  # so that DDP finds how to start its children


if __name__ == "__main__":
    main()
