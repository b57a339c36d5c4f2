"""What ``--help`` of the commands shows: examples, and for those that take overrides all groups of conf/."""

import re
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from difflib import get_close_matches
from typing import NoReturn

from ksiqa.names import groups

EXAMPLES = {
    "train": """
  ksiqa train +experiment=livec data.root=FOLDER
  ksiqa train +experiment=koniq +sweep=ten_splits data.root=FOLDER
  ksiqa train data=table data.file=scores.csv data.low=1 data.high=5 data.higher_is_better=true
  ksiqa train +experiment=livec data.root=FOLDER backbone.vit.weights=FILE backbone.cnn.weights=FILE
  ksiqa train +experiment=livec data.root=FOLDER +resume=auto   # goes on with what was cut off""",
    "evaluate": """
  ksiqa evaluate checkpoint=RUN/model data=livec data.root=FOLDER
  ksiqa evaluate checkpoint=RUN/model data=livec data.root=FOLDER split.source=test_on_all""",
    "prepare": """
  ksiqa prepare data=livec data.root=FOLDER
  ksiqa prepare data=livec data.root=FOLDER beside.tid2013=FOLDER beside.folder=PHOTOGRAPHS""",
    "predict": """
  ksiqa predict photos/
  ksiqa predict photos/ --output scores.csv --report report.html
  ksiqa predict distorted/ --reference pristine/ --maps maps
  find . -name '*.jpg' | ksiqa predict - --model owner/name --output scores.parquet --devices 2""",
    "export": """
  ksiqa export --format onnx --output model.onnx
  ksiqa export --model RUN --format torch --output model.pt2 --full-reference""",
    "bench": """
  ksiqa bench
  ksiqa bench --startup --mode eager compile --output outputs/bench
  ksiqa bench --mode eager graphs --training-batch 32 128             # on a GPU
  ksiqa bench --only student --set model.imagery=conv model.decoder=cross""",
    "table": """
  ksiqa table outputs/livec
  ksiqa table outputs --show differences --against plain
  ksiqa table outputs --show papers --format latex --output table.tex
  ksiqa table outputs --plots figures""",
    "dashboard": """
  ksiqa dashboard outputs/livec --output dashboard.html
  ksiqa dashboard outputs --against plain --maps --worst 12
  ksiqa dashboard outputs/livec --wandb PROJECT""",
    "doctor": """
  ksiqa doctor
  ksiqa doctor --root livec=FOLDER --root koniq10k=FOLDER
  ksiqa doctor --weights vit_small_patch14_dinov2=FILE --json""",
    "completion": """
  eval "$(ksiqa completion bash)"                                     # in ~/.bashrc
  eval "$(ksiqa completion zsh)"                                      # in ~/.zshrc
  ksiqa completion fish > ~/.config/fish/completions/ksiqa.fish""",
}


def examples(command: str) -> str:
    """Return the examples of a command, below a heading."""
    return f"examples:{EXAMPLES[command]}\n"


class FlagsParser(ArgumentParser):
    """A parser that names the flag that may be meant by one that it does not know."""

    def error(self, message: str) -> NoReturn:
        """Print a message, with the nearest flags, and end with status 2."""
        known = re.findall(r"--[a-z][a-z-]*", self.format_usage())
        unknown = re.findall(r"(?<!\S)--[^\s=]+", message) if message.startswith("unrecognized arguments") else []
        near = [flag for one in unknown for flag in get_close_matches(one, known, n=1)]
        super().error(message + (f"; did you mean {' and '.join(near)}?" if near else ""))


def flags_parser(command: str, *, meaning: str, more: str = "") -> FlagsParser:
    """Return the parser of a command that takes flags, without any; ``more`` is for its help, above the examples."""
    return FlagsParser(
        prog=f"ksiqa {command}",
        description=meaning,
        epilog=f"{more}\n\n{examples(command)}" if more else examples(command),
        formatter_class=RawDescriptionHelpFormatter,
    )


def usage(command: str, *, meaning: str) -> str:
    """Return what ``--help`` shows of a command that takes overrides."""
    named = "\n".join(f"  {group}={'|'.join(names)}" for group, names in groups(command).items())
    return f"""usage: ksiqa {command} [overrides] [options]

{meaning}

{examples(command)}
groups:
{named}

overrides:
  KEY=VALUE       any key of the config, such as seed=1
  +KEY=VALUE      one that it has not, such as an argument of Lightning's Trainer: +trainer.NAME=VALUE

options:
  --cfg job       print the composed config and end
  -m, --multirun  a run for each of several values: KEY=A,B
  --hydra-help    Hydra's other options
"""
