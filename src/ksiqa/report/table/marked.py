"""Tables inside Markdown files that are made, not typed: between two comments, the first of which says how.

    <!-- ksiqa table: results.csv --scores model ridge -->
    ...
    <!-- end of table -->

Paths start from the file's folder.
"""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

from ksiqa.errors import ConfigError
from ksiqa.files import write_whole

BEGIN, END = "<!-- ksiqa table: ", "<!-- end of table -->"
MARKED = re.compile(rf"^{BEGIN}(?P<words>.+?) -->\n(?P<body>.*?)^{END}$", re.MULTILINE | re.DOTALL)


def remade(text: str, *, made: Callable[[list[str]], str]) -> str:
    """Return the text with each marked table as ``made`` makes it of the words in its marker."""

    def one(match: re.Match[str]) -> str:
        words = match["words"]
        return f"{BEGIN}{words} -->\n\n{made(shlex.split(words))}\n{END}"

    return MARKED.sub(one, text)


def update(file: Path, *, made: Callable[[list[str]], str]) -> int:
    """Rewrite a file's marked tables in place and return how many there are.

    Raises:
        ConfigError: no such file, no marked table in it, or one that does not end.
    """
    text = file.read_text() if file.is_file() else ""
    count = len(MARKED.findall(text))
    if not count or count != text.count(BEGIN):
        there = f"{text.count(BEGIN)} markers of which {count} end" if text else "no such file"
        raise ConfigError(
            found=f"{file}: {there}",
            expected=f"a Markdown file with tables between '{BEGIN}RUNS [options] -->' and '{END}'",
            do="add the two comments, each on a line of its own",
        )
    new = remade(text, made=made)
    if new != text:
        with write_whole(file) as opened:
            opened.write(new)
    return count
