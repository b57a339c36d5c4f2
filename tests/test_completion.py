"""What a shell completes: asked of a real bash, and of the words themselves."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
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

IN_PATH = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
START = {  # an interactive shell without its user's settings, and what loads the script
    "zsh": (["zsh", "-f", "-i"], 'eval "$(ksiqa completion zsh)"'),
    "fish": (["fish", "--no-config", "-i"], "ksiqa completion fish | source"),
}
SHOWN = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x07|.\x08")  # colours, a bell, what is gone back over


class _Typed:
    """A shell at a terminal, to which keys are typed."""

    def __init__(self, command, folder):
        pid, self.terminal = pty.fork()
        if not pid:
            os.chdir(folder)
            os.execvpe(command[0], command, {**os.environ, **IN_PATH, "TERM": "dumb", "HOME": str(folder)})

    def until(self, keys, shown):
        """Type keys, and wait until the terminal shows a text; return all that it showed."""
        os.write(self.terminal, keys.encode())
        seen, end = "", time.monotonic() + 60
        while shown not in seen:
            assert time.monotonic() < end, seen
            if select.select([self.terminal], [], [], 0.1)[0]:
                seen = SHOWN.sub("", seen + os.read(self.terminal, 65536).decode(errors="replace"))
        return seen


def _completed(line):
    """Return what bash's own function puts into COMPREPLY for a line."""
    done = subprocess.run(
        ["bash", "-c", BASH, "bash", line],
        env={**os.environ, **IN_PATH},
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


@pytest.mark.pages  # shells that have to be there, as Chromium
@pytest.mark.parametrize("shell", START)
def test_tab_at_a_terminal(shell, tmp_path):
    """A value follows its = without a blank, a word is followed by one, and where nothing is known there are files."""
    if shutil.which(shell) is None:
        pytest.fail(f"this test needs {shell}; type: sudo apt-get install {shell}", pytrace=False)
    (tmp_path / "scores.csv").touch()
    command, load = START[shell]
    typed = _Typed(command, tmp_path)
    typed.until(f"{load}; echo is' 'there\r", "is there")
    typed.until("ksiqa tra\t+experi\tko\tdata.file=sco\t", "ksiqa train +experiment=koniq data.file=scores.csv")
    typed.until("\x15ksiqa predict sco\t--out\t", "ksiqa predict scores.csv --output")
    os.close(typed.terminal)  # which ends the shell


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
        ("ksiqa train init=", []),
        ("ksiqa train init=s", ["init=shipped"]),
        ("ksiqa train +res", ["+resume="]),
        ("ksiqa train +resume=a", ["+resume=auto"]),
        ("ksiqa evaluate check", ["checkpoint="]),
        ("ksiqa evaluate checkpoint=sh", ["checkpoint=shipped"]),
        ("ksiqa evaluate init=s", []),
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
