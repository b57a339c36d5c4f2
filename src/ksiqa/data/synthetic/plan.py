"""Which pairs a set of synthetic images holds."""

from collections.abc import Sequence
from typing import NamedTuple

from ksiqa.data.synthetic.families import FAMILIES, check_level
from ksiqa.data.synthetic.photographs import Photographs, is_grey
from ksiqa.errors import DatasetError, choice


class Kind(NamedTuple):
    """A row: which photograph, distorted how; family None is the photograph itself."""

    content: str
    family: str | None
    level: int

    @property
    def image_name(self) -> str:
        """Return the name of the distorted image, such as ``coffee__jpeg__3``."""
        return f"{self.content}__{self.family or 'pristine'}__{self.level}"


def plan(
    photographs: Photographs, *, families: Sequence[str], levels: Sequence[int], pristine: bool
) -> tuple[list[Kind], list[str]]:
    """List the rows, photograph by photograph, and the names of the pairs left out: colour families on greys.

    Raises:
        ConfigError: no such family or level.
        DatasetError: no row is left.
    """
    wanted = [FAMILIES[choice(name, allowed=FAMILIES, name="families")] for name in dict.fromkeys(families)]
    steps = [check_level(level) for level in dict.fromkeys(levels)]
    kinds: list[Kind] = []
    left_out: list[str] = []
    for content in photographs.references:
        kinds += [Kind(content, None, 0)] if pristine else []
        grey = any(family.needs_colour for family in wanted) and is_grey(photographs[content])
        for family in wanted:
            of_family = [Kind(content, family.name, level) for level in steps]
            if grey and family.needs_colour:
                left_out += [kind.image_name for kind in of_family]
            else:
                kinds += of_family
    if not kinds:
        raise DatasetError(
            found=f"no pairs: {len(wanted)} families, {len(steps)} levels, {len(left_out)} pairs left out",
            expected="one or more families and levels that change the photographs",
            do="name families such as jpeg and levels from 1 to 5",
        )
    return kinds, left_out
