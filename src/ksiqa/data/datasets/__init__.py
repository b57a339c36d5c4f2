"""The datasets by their names in ``data=NAME``; each is a module with ``FACTS`` and ``read``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ksiqa.data.datasets import csiq, kadid10k, koniq10k, live, livec, spaq, tid2013
from ksiqa.data.facts import Facts
from ksiqa.data.table import LabelTable


class Dataset(Protocol):
    """What a module of a dataset holds."""

    FACTS: Facts

    def read(self, root: Path, *, facts: Facts = ..., allow_missing: bool = False) -> LabelTable:
        """Read the labels of the set under ``root``."""
        ...


DATASETS: Mapping[str, Dataset] = {
    "csiq": csiq,
    "kadid10k": kadid10k,
    "koniq10k": koniq10k,
    "live": live,
    "livec": livec,
    "spaq": spaq,
    "tid2013": tid2013,
}
