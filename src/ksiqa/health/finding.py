"""One thing that ``ksiqa doctor`` has looked at."""

from typing import Literal, NamedTuple

State = Literal[
    "good", "lacking", "broken"
]  # there; not there, and not asked for; asked for or needed, and not as it should be


class Finding(NamedTuple):
    """What was found of one thing, and the command that mends it (empty where there is nothing to mend)."""

    part: str
    name: str
    state: State
    text: str
    mend: str = ""
