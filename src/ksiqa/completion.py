"""``python -m ksiqa.completion bash|zsh|fish``: a script by which a shell completes ``ksiqa`` and its arguments."""

import argparse
import sys
from collections.abc import Iterator
from importlib import import_module

from ksiqa.command import errors_as_text
from ksiqa.errors import choice
from ksiqa.names import HYDRA, choices, groups
from ksiqa.usage import EXAMPLES, flags_parser

# A shell's own part is small: it hands over the line up to the cursor, and shows what comes back. bash takes = for the
# end of a word, so that what stands before it must not come back; where nothing does, file names are completed.
SCRIPTS = {
    "bash": """_ksiqa() {
    local line="${COMP_LINE:0:COMP_POINT}"
    local word="${line##*[[:space:]]}"
    mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" completion --line "$line" 2>/dev/null)
    [[ $word == *=* && $COMP_WORDBREAKS == *=* ]] && COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*=}"}"}")
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
}
complete -o default -F _ksiqa ksiqa
""",
    "zsh": """_ksiqa() {
    local -a found
    found=(${(f)"$("${words[1]}" completion --line "$LBUFFER" 2>/dev/null)"})
    if (( ! $#found )); then compset -P '*='; _files; return; fi
    compadd -Q -- ${found:#*=}
    compadd -Q -S '' -- ${(M)found:#*=}
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _ksiqa ksiqa
""",
    "fish": """function __ksiqa_words
    ksiqa completion --line (commandline --cut-at-cursor | string collect) 2>/dev/null
end
complete -c ksiqa -f -n 'set -g __ksiqa_found (__ksiqa_words); and set -q __ksiqa_found[1]' -a '$__ksiqa_found'
""",
}
NAMED = {"train": {"init": "shipped", "+resume": "auto"}, "evaluate": {"checkpoint": "shipped"}}
"""What a command takes where it takes a folder, too: offered once its first letter is typed."""
OF_HYDRA = ("--cfg", "--help", "--hydra-help", "--multirun")


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    with errors_as_text():
        options = options_parser().parse_args(sys.argv[1:] if arguments is None else arguments)
        if options.line is None:
            sys.stdout.write(SCRIPTS[choice(str(options.shell).removeprefix("shell="), allowed=SCRIPTS, name="shell")])
        else:
            sys.stdout.writelines(f"{word}\n" for word in words(options.line))


def words(line: str) -> list[str]:
    """Return what the last word of a line, up to the cursor, may become; nothing where it is a path or anything."""
    _, *given = f"{line}.".split()  # the point stands for a last word that is empty
    given[-1:] = [given[-1][:-1]] if given else []
    if len(given) < 2:
        found: Iterator[str] = iter(EXAMPLES)
    elif given[0] in HYDRA:
        found = _overrides(given[0], given[1:-1], given[-1])
    else:
        found = _flags(given[0], given[-2], given[-1])
    return sorted(word for word in found if word.startswith(given[-1] if given else ""))


def _overrides(command: str, before: list[str], word: str) -> Iterator[str]:
    key, equals, value = word.partition("=")
    if equals:
        named = NAMED.get(command, {}).get(key)
        yield from (f"{key}={name}" for name in choices(key.lstrip("+").partition("@")[0]))
        yield from [f"{key}={named}"] if value and named else []
    elif "." in word:
        from ksiqa.hints import known_keys  # Hydra composes half a second

        yield from (f"{name}=" for name in known_keys(command, before))
    else:
        yield from (f"{group}=" for group in groups(command))
        yield from (f"{key}=" for key in NAMED.get(command, ()))
        yield from OF_HYDRA


def _flags(command: str, before: str, word: str) -> Iterator[str]:
    if command not in EXAMPLES:
        return
    actions = import_module(f"ksiqa.{command}").options_parser()._actions
    of_flag = next((one for one in actions if before in one.option_strings and one.nargs != 0), None)
    if of_flag is not None and not word.startswith("-"):
        yield from of_flag.choices or ()
    elif word.startswith("-"):
        yield from (flag for one in actions for flag in one.option_strings if flag.startswith("--"))
    elif command == "completion":
        yield from SCRIPTS


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's flags."""
    parser = flags_parser("completion", meaning="Print a script by which a shell completes ksiqa.")
    parser.add_argument("shell", nargs="?", metavar="bash|zsh|fish")
    parser.add_argument("--line", help=argparse.SUPPRESS)  # asked by the scripts
    return parser


if __name__ == "__main__":
    main()
