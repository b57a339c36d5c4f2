"""What rows must share to be compared: the set, what its labels are, and what is marked."""

from collections.abc import Sequence
from typing import NamedTuple

from ksiqa.report.table.run import Run

SETS = {
    "live": "LIVE",
    "csiq": "CSIQ",
    "tid2013": "TID2013",
    "kadid10k": "KADID-10k",
    "livec": "LIVEC",
    "koniq10k": "KonIQ-10k",
    "spaq": "SPAQ",
}
"""The sets in the papers' order, by the names of ``data=NAME``."""
ENOUGH = 10  # splits
OFFICIAL = "official split"
WHOLE = ("train_on_all", "test_on_all")  # sources of splits across databases: there are no ten of them


class Kind(NamedTuple):
    """What rows must share to stand in one table."""

    data: str
    label: str
    marks: tuple[str, ...]

    @property
    def title(self) -> str:
        """Set, label and marks, for people."""
        marked = f"; marked: {', '.join(self.marks)}" if self.marks else ""
        return set_title(self.data) + (f" ({self.label})" if self.label else "") + marked


def set_title(data: str) -> str:
    """Return a set's name as in papers; a name that they do not use stays as it is."""
    return SETS.get(data, data)


def set_order(data: str) -> tuple[int, str]:
    """Return where a set stands: in the papers' order, others after them."""
    names = list(SETS)
    return (names.index(data) if data in SETS else len(names), data)


def kind_of(runs: Sequence[Run]) -> Kind:
    """Return the kind of a group's runs, with the marks of the whole group."""
    first = runs[0].results
    marks = set(runs[0].marks)
    if first.get("split.source") == "official":
        marks.add(OFFICIAL)
    elif first.get("split.source") not in WHOLE and len({run.split for run in runs}) < ENOUGH:
        marks.add("fewer than ten splits")
    return Kind(str(first["data"]), str(first["label"]), tuple(sorted(marks)))
