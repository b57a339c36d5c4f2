"""Look for a recipe of frozen variants on validation parts: the same tries for each, and it is seen which each has had.

    python experiments/livec/recipes.py --livec ChallengeDB_release --pairs PHOTOGRAPHS --vit FILE --cnn FILE \
        [--variants plain imagery] [--splits 1 2] [--tries 0 1 …]

A fifth of all photographs is taken out of the training part of random splits to validate on; no test part is scored.
Writes recipes.csv: a row a try and split, with the SRCC on the validation part after the last epoch.
"""

import argparse
import csv
import shutil
import sys
import time
from itertools import product

from kept import code, hardware
from measure import HERE, composed, parsed
from omegaconf import DictConfig
from variants import Places, overrides

from ksiqa.command import errors_as_text
from ksiqa.files import write_whole
from ksiqa.provenance import provenance
from ksiqa.search.run import validation_srcc
from ksiqa.training.run import run

FILE = HERE / "recipes.csv"
COLUMNS = ("variant", "try", "split", "validation/srcc", "seconds", "commit", "hardware")
TRIES = (
    "task.optimiser.head_lr=1e-3",  # as frozen variants are
    "task.optimiser.head_lr=3e-4",
    "task.optimiser.head_lr=3e-3",
    "task.optimiser.weight_decay=0.5",
    "trainer.max_epochs=6",
    "trainer.max_epochs=24",
    "loss.weights.mse=0.1",
    "task.optimiser.head_lr=1e-2",
    "task.optimiser.head_lr=3e-3 task.optimiser.weight_decay=0.5",
    "task.optimiser.head_lr=3e-3 trainer.max_epochs=6",
    "task.optimiser.head_lr=3e-3 trainer.max_epochs=24",
    "task.optimiser.head_lr=3e-3 model.width=256",
    "task.optimiser.head_lr=3e-3 data.token_stride=1",
)
VALIDATED = ["split.source=random", "split.validation_share=0.2"]


def main(arguments: list[str]) -> int:
    """Make what is missing."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--splits", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--variants", nargs="+", default=["plain", "imagery"])
    parser.add_argument("--tries", nargs="+", type=int, default=list(range(len(TRIES))), help="which, from 0")
    own, rest = parser.parse_known_args(arguments)
    options = parsed([*rest, "--frozen"])
    for variant, split, tried in product(own.variants, own.splits, [TRIES[at] for at in own.tries]):
        key = {"variant": f"frozen-{variant}", "try": tried, "split": str(split)}
        if any(all(row[name] == value for name, value in key.items()) for row in rows()):
            continue
        started = time.monotonic()
        folder = options.runs / "recipes" / variant / tried.replace(" ", "+") / str(split)
        run(config_of(options, variant, [*VALIDATED, f"split.index={split}", *tried.split()]), folder, test=False)
        found = validation_srcc(folder / "metrics.csv", best=False)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        told = {"validation/srcc": f"{found:.4f}", "seconds": f"{time.monotonic() - started:.0f}"}
        keep({**key, **told, "commit": code(provenance()), "hardware": hardware()})
        print(*key.values(), f"{found:.4f}", flush=True)
    return 0


def config_of(options: argparse.Namespace, variant: str, more: list[str]) -> DictConfig:
    """Compose a frozen variant's config, with further overrides."""
    places = Places(options.livec.absolute(), options.pairs.absolute(), options.vit, options.cnn)
    return composed([*overrides(variant, "random", places=places, frozen=True), *more], options)


def rows() -> list[dict[str, str]]:
    """Return the rows that are kept."""
    if not FILE.exists():
        return []
    with FILE.open(newline="") as file:
        return list(csv.DictReader(file))


def keep(row: dict[str, str]) -> None:
    """Add a row."""
    kept = sorted([*rows(), row], key=lambda one: (one["variant"], TRIES.index(one["try"]), one["split"]))
    with write_whole(FILE) as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)


if __name__ == "__main__":
    with errors_as_text():
        sys.exit(main(sys.argv[1:]))
