"""Tiny datasets in the layouts of their releases; each writer returns the facts that fit what it wrote."""

from tests.fake_iqa.csiq import write_csiq
from tests.fake_iqa.kadid10k import write_kadid10k
from tests.fake_iqa.koniq10k import write_koniq10k
from tests.fake_iqa.live import write_live
from tests.fake_iqa.livec import write_livec
from tests.fake_iqa.spaq import write_spaq
from tests.fake_iqa.table_file import write_table
from tests.fake_iqa.tid2013 import write_tid2013

WRITERS = {
    "csiq": write_csiq,
    "kadid10k": write_kadid10k,
    "koniq10k": write_koniq10k,
    "live": write_live,
    "livec": write_livec,
    "spaq": write_spaq,
    "tid2013": write_tid2013,
}

__all__ = [
    "WRITERS",
    "write_csiq",
    "write_kadid10k",
    "write_koniq10k",
    "write_live",
    "write_livec",
    "write_spaq",
    "write_table",
    "write_tid2013",
]
