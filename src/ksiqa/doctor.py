"""``python -m ksiqa.doctor [--root NAME=FOLDER]``: what is there to train with, and what mends the rest."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ksiqa.command import errors_as_text
from ksiqa.errors import ConfigError, choice
from ksiqa.files import at_home
from ksiqa.usage import flags_parser

if TYPE_CHECKING:
    from ksiqa.health.finding import Finding

FAILED = 1  # exit status where something needed or asked for is broken; 2 is a command that could not be run
MARKS = {"good": "ok", "lacking": "--", "broken": "!!"}
SETS = ("csiq", "kadid10k", "koniq10k", "live", "livec", "spaq", "tid2013")


def main(arguments: list[str] | None = None) -> None:
    """Run the command; the exit status is 1 where something needed to train, or asked for, is broken."""
    with errors_as_text():
        options = options_parser().parse_args(sys.argv[1:] if arguments is None else arguments)
        roots, weights = (_named(getattr(options, name), flag=f"--{name}") for name in ("root", "weights"))
        for name in roots:
            choice(name, allowed=SETS, name="--root")
        found: list[Finding] = []
        for one in look(roots=roots, weights=weights):
            if not options.json:
                tell(one, first=not found or found[-1].part != one.part)
            found.append(one)
        listed = json.dumps([one._asdict() for one in found], indent=2) if options.json else closing(found)
        sys.stdout.write(f"{listed}\n")
        if any(one.state == "broken" for one in found):
            raise SystemExit(FAILED)


def look(*, roots: dict[str, Path], weights: dict[str, Path]) -> Iterator["Finding"]:
    """Look at everything, what is quick first; no network is asked.

    Args:
        roots: folders of released sets.
        weights: files by timm's names of networks.
    """
    from ksiqa.health.software import extras, versions

    yield from versions()
    yield from extras()
    from ksiqa.health.sets import sets

    yield from sets(roots)
    from ksiqa.health.machine import memory_and_disk, processors

    yield from memory_and_disk()
    yield from processors()
    from ksiqa.health.backbones import backbones

    yield from backbones(weights)


def tell(one: "Finding", *, first: bool) -> None:
    """Print what was found of one thing, below its part's heading where it is the ``first`` of it."""
    heading = f"\n{one.part}\n" if first else ""
    mend = f"\n       {'':24} -> {one.mend}" if one.mend else ""
    sys.stdout.write(f"{heading}  {MARKS[one.state]}   {one.name:24} {one.text}{mend}\n")
    sys.stdout.flush()  # what follows may import torch


def closing(found: Sequence["Finding"]) -> str:
    """Return the last line: how many things are to be mended, and what the exit status means."""
    broken, lacking = (sum(one.state == state for one in found) for state in ("broken", "lacking"))
    things = "1 thing" if broken == 1 else f"{broken} things"
    end = f"!! {things} to mend: do what stands after -> (exit status 1)" if broken else "all well (exit status 0)"
    return f"\n{end}" + (f"; -- {lacking} not there: mend those that you want to use" if lacking else "")


def _named(given: list[str], *, flag: str) -> dict[str, Path]:
    """Return the paths of NAME=PATH arguments.

    Raises:
        ConfigError: one is none.
    """
    for text in given:
        if not all(text.partition("=")):
            raise ConfigError(found=f"{flag} {text}", expected="a name and a path", do=f"write {flag} NAME=PATH")
    return {name: at_home(path) for name, _, path in (text.partition("=") for text in given)}


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's flags."""
    parser = flags_parser(
        "doctor",
        meaning="Look at what there is to train with: ok is there, -- is not, !! is broken; -> is what mends it.",
    )
    add = parser.add_argument
    add("--root", action="append", default=[], metavar="NAME=FOLDER", help=f"of a set: {', '.join(SETS)}")
    add("--weights", action="append", default=[], metavar="NAME=FILE", help="of a backbone's network, by timm's name")
    add("--json", action="store_true", help="a list of objects: part, name, state (good, lacking, broken), text, mend")
    return parser


if __name__ == "__main__":
    main()
