"""Measure variants of KSIQA on human scores: a row a part, split and seed, until the table is full.

    python experiments/livec/measure.py --livec ChallengeDB_release --pairs PHOTOGRAPHS --vit FILE --cnn FILE \
        [--variants plain ksiqa …] [--parts random folds] [--splits 0 1 …] [--seeds 0 1 2] [--frozen] [--jobs 3]

Rows that results.csv has with the same recipe are left out, so that the same command goes on where it was stopped (it
says how many of them were made by other code); one that is cut off within a run goes on from its checkpoint. Parts:
`random` (ten 80/20 splits), `folds` (2 x 5, which test every image twice), `few` (the folds, trained on a twentieth of
their photographs), `pairs` (synthetic pairs of photographs alone, pseudo-scores: for probes), `all` (all of LIVEC, a
model without a row). One after another come parts, in each of them seeds, then splits, then variants: whenever it is
stopped, variants are comparable.
"""

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice, product
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any, NamedTuple

import torch
from hydra import compose, initialize_config_dir
from kept import COLUMNS, RESULTS, code, hardware, images, keep, key_of, of_run, rows, twin
from kept import scores as kept_scores
from omegaconf import DictConfig, OmegaConf
from variants import AGAIN, MARK, PARTS, VARIANTS, Places, has, overrides

from ksiqa.build import plain
from ksiqa.command import errors_as_text
from ksiqa.errors import KsiqaError, StoppedError, told
from ksiqa.names import conf_folder
from ksiqa.processor import cores
from ksiqa.provenance import provenance
from ksiqa.recipe import fingerprint
from ksiqa.training.run import run
from ksiqa.training.settle import settled

HERE = Path(__file__).resolve().parent
NOT_IN_A_ROW = ("all",)
MODELS_KEPT = ("pairs", "all")  # of these parts, and of the variant `intervals`: probes look at them


class Job(NamedTuple):
    """A run to be made."""

    key: dict[str, Any]  # variant, part, split, seed, recipe
    config: DictConfig
    folder: Path
    keep_model: bool

    @property
    def lacks_model(self) -> bool:
        """Whether its model is wanted and not there: it was not kept, or the row was made on another machine."""
        return self.keep_model and not (self.folder / "model").is_dir()

    @property
    def has_scores(self) -> bool:
        """Whether its scores are kept: those of people's labels are."""
        return self.key["part"] != "pairs"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make what is missing; return 1 if a run failed."""
    options = parsed(arguments)
    if options.jobs > 1:
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    table, runs = rows(options.home), dict[Path, list[Job]]()
    done = {key_of(row): str(row["commit"]) for _, row in table.iterrows()}
    wanted = list(jobs(options))
    there = [job for job in wanted if is_done(job, done)]
    tell_of_other_code([done[key_of(job.key)] for job in there if key_of(job.key) in done], options)
    for job in (job for job in wanted if job not in there):
        known = twin(table, job.key)
        if known is None or job.lacks_model:
            runs.setdefault(job.folder, []).append(job)
        else:
            keep(options.home, known | job.key, kept_scores(options.home, known) if job.has_scores else None)
    print(f"{len(runs)} runs to make", flush=True)
    failed = 0
    for job, outcome in made([first for first, *_ in runs.values()], options.jobs, seconds=60 * options.minutes):
        name = " ".join(map(str, job.key.values()))
        if isinstance(outcome, StoppedError):
            raise outcome  # and start no other run
        if isinstance(outcome, KsiqaError):
            failed += 1
            print(f"FAILED {name}: {told(outcome)}", flush=True)
            continue
        for one in runs[job.folder] if job.key["part"] not in NOT_IN_A_ROW else []:
            told_of = {"hardware": hardware(), "commit": code(outcome), **images(outcome)}
            row = {**dict.fromkeys(COLUMNS), **outcome, **told_of, **one.key}
            keep(options.home, {name: row[name] for name in COLUMNS}, of_run(job.folder) if job.has_scores else None)
        print(f"{name}: SRCC {outcome.get('test/srcc', float('nan')):.4f} in {outcome['seconds']} s", flush=True)
    return int(failed > 0)


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--livec", type=Path, required=True)
    add("--pairs", type=Path, required=True, help="folder of pristine photographs")
    add("--vit", required=True, help="file of weights, or random")
    add("--cnn", required=True, help="file of weights, or random")
    add("--variants", nargs="+", choices=VARIANTS, default=[name for name in VARIANTS if name != "intervals"])
    add("--parts", nargs="+", choices=PARTS, default=["random", "folds"])
    add("--splits", nargs="+", type=int, help="default: all of each part")
    add("--seeds", nargs="+", type=int, default=[0])
    add("--frozen", action="store_true", help=f"frozen backbones, small heads; rows are named {MARK}NAME")
    add("--also", nargs="+", default=[], metavar="OVERRIDE", help="over all others, part of the recipe")
    add("--strategy", default="gpu" if torch.cuda.is_available() else "cpu", help="default: what is there")
    add("--jobs", type=int, default=1, help="runs at a time; on one GPU three fill it better than one")
    add("--minutes", type=float, default=float("inf"), help="no run starts later; those that have started end")
    add("--runs", type=Path, default=Path("outputs/livec"), help="folders of the runs; checkpoints go when one ends")
    add("--keep-models", action="store_true", help="of all runs, for probes; else of parts pairs and all alone")
    add("--home", type=Path, default=HERE, help="where results.csv and predictions/ lie")
    return parser.parse_args(arguments)


def jobs(options: argparse.Namespace) -> Iterator[Job]:
    """Yield all that is asked for, in order."""
    places = Places(options.livec.absolute(), options.pairs.absolute(), options.vit, options.cnn)
    for part in options.parts:
        configs = {
            name: settled(composed(overrides(name, part, places=places, frozen=options.frozen), options))
            for name in options.variants
            if has(name, part, frozen=options.frozen)
        }
        splits = [split for split in PARTS[part] if options.splits is None or split in options.splits]
        for seed, split, (name, config) in product(options.seeds, splits, configs.items()):
            seed_of_run = seed + AGAIN.get(name, 0)
            own = OmegaConf.merge(config, {"seed": seed_of_run, "split": {"index": split}})
            assert isinstance(own, DictConfig)
            recipe = fingerprint(plain(own))
            row = {"variant": (MARK if options.frozen else "") + name, "part": part, "split": split}
            yield Job(
                key={**row, "seed": seed_of_run, "recipe": recipe},
                config=own,
                folder=options.runs / recipe / f"{split}-{seed_of_run}",  # equal recipes under two names run once
                keep_model=options.keep_models or part in MODELS_KEPT or name == "intervals",
            )


def composed(told: list[str], options: argparse.Namespace) -> DictConfig:
    """Compose `ksiqa train`'s config with a variant's overrides and this machine's."""
    workers = 0 if options.frozen else cores() // (2 * options.jobs)
    beside = ["data", "pairs"] if "+data@pairs=folder" in told else ["data"]
    machine = [f"strategy={options.strategy}", *(f"{name}.workers={workers}" for name in beside)]
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        return compose("train", [*told, *machine, *options.also])


def is_done(job: Job, rows_there: Container[tuple[str, ...]]) -> bool:
    """Tell whether a run's row is there, and its model where that is to be kept."""
    if job.key["part"] in NOT_IN_A_ROW:
        return (job.folder / "results.json").exists() and not job.lacks_model
    return key_of(job.key) in rows_there and not job.lacks_model


def tell_of_other_code(commits: Sequence[str], options: argparse.Namespace) -> None:
    """Say how many of the rows that are there were made by code that is not this one; they stay."""
    here = code(provenance())
    other = sum(commit != here for commit in commits)
    if other:
        anew = f"to make them anew, delete them there and their folders in {options.runs}"
        print(f"{other} of {len(commits)} rows in {RESULTS} were made by other code than {here}: they stay; {anew}")


def made(wanted: Sequence[Job], at_once: int, *, seconds: float) -> Iterator[tuple[Job, dict[str, Any] | KsiqaError]]:
    """Yield each run as it ends, with its results or why it has none; none starts after ``seconds``. Runs of other
    processes are ended with this one, and keep a checkpoint."""
    end, left = time.monotonic() + seconds, iter(wanted)
    if at_once == 1:
        yield from ((job, train(job)) for job in left if time.monotonic() < end)
        return
    with ProcessPoolExecutor(at_once, mp_context=get_context("spawn")) as pool:
        running: dict[Future[dict[str, Any] | KsiqaError], Job] = {}
        try:
            while True:
                if time.monotonic() < end:
                    running |= {pool.submit(train, job): job for job in islice(left, at_once - len(running))}
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                yield from ((running.pop(one), one.result()) for one in done)
        except BaseException:
            for worker in active_children():
                worker.terminate()
            raise


def train(job: Job) -> dict[str, Any] | KsiqaError:
    """Make a run, or what is missing of it, and leave of it what is looked at later."""
    if job.lacks_model and (job.folder / "results.json").exists():  # it was not kept: once more
        shutil.rmtree(job.folder)
    try:
        results = run(job.config, job.folder)
    except KsiqaError as error:
        return error
    except torch.OutOfMemoryError as error:
        found = str(error).partition("\n")[0]
        return KsiqaError(
            found=found, expected="memory for all runs at a time", do="give the command with fewer --jobs"
        )
    assert results is not None  # one process trains
    for rest in ("checkpoints", *(() if job.keep_model else ("model",))):
        shutil.rmtree(job.folder / rest, ignore_errors=True)
    return {**results, "split.source": job.config.split.source, "split.index": job.config.split.index}


if __name__ == "__main__":
    with errors_as_text():
        sys.exit(main())
