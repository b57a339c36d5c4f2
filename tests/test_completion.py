"""What a shell completes: asked of a real bash, and of the words themselves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ksiqa import completion
from ksiqa.cli import COMMANDS
from ksiqa.completion import words
from ksiqa.usage import EXAMPLES

BASH = """
eval "$(ksiqa completion bash)"
complete -p ksiqa
compopt() { echo "compopt $*"; }  # bash lets it be called while it completes alone
COMP_LINE="$1"; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(ksiqa)
_ksiqa
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _completed(line):
    """Return what bash's own function puts into COMPREPLY for a line."""
    done = subprocess.run(
        ["bash", "-c", BASH, "bash", line],
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    bound, *found = done.stdout.splitlines()
    assert bound == "complete -o default -F _ksiqa ksiqa"
    return found


def test_a_real_bash():
    assert _completed("ksiqa train +experi") == ["compopt -o nospace", "+experiment="]
    assert _completed("ksiqa train +experiment=ko") == ["koniq"]  # = ends a word of bash
    assert _completed("ksiqa pre") == ["predict", "prepare"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("ksiqa tr", ["train"]),
        ("ksiqa train +sweep=ten", ["+sweep=ten_splits"]),
        ("ksiqa train seed=1 data=koniq", ["data=koniq10k"]),
        ("ksiqa train +data@pairs=f", ["+data@pairs=folder"]),
        ("ksiqa train strategy=d", ["strategy=ddp"]),
        ("ksiqa train data=mem", []),  # what sets are made of, and nobody chooses
        ("ksiqa train --mul", ["--multirun"]),
        ("ksiqa train data=table trainer.max", ["trainer.max_epochs="]),
        ("ksiqa train data=table data.hig", ["data.high=", "data.higher_is_better="]),
        ("ksiqa train data.root=/d", []),  # a path: the shell's own
        ("ksiqa evaluate +exp", []),
        ("ksiqa evaluate sp", ["split="]),
        ("ksiqa predict photos --out", ["--output"]),
        ("ksiqa predict photos --model ", []),
        ("ksiqa table outputs --format la", ["latex"]),
        ("ksiqa doctor --r", ["--root"]),
        ("ksiqa completion ", ["bash", "fish", "zsh"]),
        ("ksiqa trian ", []),
    ],
)
def test_words(line, found):
    assert words(line) == found


def test_every_command_is_known_and_has_examples(capsys):
    assert sorted(EXAMPLES) == sorted(COMMANDS) == words("ksiqa ")
    for command in COMMANDS:
        if command in ("train", "evaluate", "prepare"):
            __import__(f"ksiqa.{command}", fromlist=["main"]).main(["--help"])
        else:
            with pytest.raises(SystemExit):
                __import__(f"ksiqa.{command}", fromlist=["main"]).main(["--help"])
        told = capsys.readouterr().out
        assert f"usage: ksiqa {command}" in told
        assert "\nexamples:\n  " in told, command
        assert command in told.partition("examples:\n")[2].splitlines()[0]


def test_scripts(capsys):
    for shell in ("bash", "zsh", "fish"):
        completion.main([shell])
        assert "ksiqa completion --line" in capsys.readouterr().out.replace('"${COMP_WORDS[0]}"', "ksiqa").replace(
            '"${words[1]}"', "ksiqa"
        )
    with pytest.raises(SystemExit):
        completion.main(["bsh"])
    assert "do: set shell=bash (the nearest name)" in capsys.readouterr().err
