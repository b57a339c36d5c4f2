"""Look for recipes of frozen variants on validation parts; recipes.csv shows how many tries each has had.

    python experiments/livec/recipes.py --livec ChallengeDB_release --pairs PHOTOGRAPHS --vit FILE --cnn FILE \
        [--variants plain imagery] [--splits 1 2] [--tries 0 1 …]

A fifth of all photographs is taken out of the training parts of random splits to validate on; no test part is scored.
Writes recipes.csv: a row a try and split, with the SRCC on the validation part after the last epoch.
"""

import argparse
import csv
import shutil
import sys
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from kept import code, hardware
from measure import HERE, composed
from variants import VARIANTS, Places, overrides

from ksiqa.command import errors_as_text
from ksiqa.files import one_at_a_time, write_whole
from ksiqa.provenance import provenance
from ksiqa.search.run import validation_srcc
from ksiqa.training.run import run

FILE = HERE / "recipes.csv"
COLUMNS = ("variant", "try", "split", "validation/srcc", "seconds", "commit", "hardware")
TRIES = (
    "task.optimiser.head_lr=1e-3",  # as frozen variants are
    "task.optimiser.head_lr=3e-4",
    "task.optimiser.head_lr=3e-3",
    "task.optimiser.head_lr=1e-2",
    "task.optimiser.weight_decay=0.5",
    "trainer.max_epochs=6",
    "trainer.max_epochs=24",
    "task.optimiser.head_lr=3e-3 task.optimiser.weight_decay=0.5",
    "task.optimiser.head_lr=3e-3 trainer.max_epochs=6",
    "task.optimiser.head_lr=3e-3 trainer.max_epochs=24",
    "task.optimiser.head_lr=3e-3 model.width=256",
    "task.optimiser.head_lr=3e-3 data.token_stride=1",
)
PARTS_TRIED = (  # of the paper's parts, beside the target's recipe as it is
    "sharing.pair_epochs=0",
    "sharing.pair_epochs=1",
    "model.decoder=aligned",
    "model.decoder=residual",
    "sharing.rehearsal_weight=0.2",
    "sharing.rehearsal_weight=0.05",
)
VALIDATED = ["split.source=random", "split.validation_share=0.2"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Make what is missing."""
    every = (*TRIES, *PARTS_TRIED)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    for name in ("livec", "pairs"):
        add(f"--{name}", type=Path, required=True)
    for name in ("vit", "cnn"):
        add(f"--{name}", required=True, help="file of weights, or random")
    add("--variants", nargs="+", choices=VARIANTS, default=["plain", "imagery"])
    add("--splits", nargs="+", type=int, default=[1, 2])
    add("--tries", nargs="+", type=int, choices=range(len(every)), default=list(range(len(TRIES))))
    add("--runs", type=Path, default=Path("outputs/livec/recipes"))
    options = parser.parse_args(arguments)
    options.frozen, options.jobs, options.strategy, options.also = True, 1, "cpu", []  # as measure.py --frozen
    places = Places(options.livec.absolute(), options.pairs.absolute(), options.vit, options.cnn)
    for variant, split, at in product(options.variants, options.splits, options.tries):
        key = {"variant": f"frozen-{variant}", "try": every[at], "split": str(split)}
        if any(all(row[name] == value for name, value in key.items()) for row in rows()):
            continue
        told = [*overrides(variant, "random", places=places, frozen=True), *VALIDATED]
        config = composed([*told, f"split.index={split}", *every[at].split()], options)
        folder = options.runs / variant / every[at].replace(" ", "+") / str(split)
        shutil.rmtree(folder, ignore_errors=True)  # of a row that was taken out, or cut off
        started = time.monotonic()
        run(config, folder, test=False)
        figures = {"validation/srcc": f"{validation_srcc(folder / 'metrics.csv', best=False):.4f}"}
        figures["seconds"] = f"{time.monotonic() - started:.0f}"
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        keep({**key, **figures, "commit": code(provenance()), "hardware": hardware()})
        print(*key.values(), figures["validation/srcc"], flush=True)


def rows(file: Path = FILE) -> list[dict[str, str]]:
    """Return the rows that are kept."""
    if not file.exists():
        return []
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def keep(row: dict[str, str], file: Path = FILE) -> None:
    """Add a row; several processes may do so at once."""
    with one_at_a_time(file):
        kept = sorted([*rows(file), row], key=lambda one: (one["variant"], one["try"], one["split"]))
        with write_whole(file) as opened:
            writer = csv.DictWriter(opened, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)


if __name__ == "__main__":
    with errors_as_text():
        sys.exit(main())
