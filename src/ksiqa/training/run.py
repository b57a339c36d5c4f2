"""One training run, from a composed config to a folder with the trained model and its test figures."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import numpy as np
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from ksiqa import build
from ksiqa.callback.best_on_test import best_on_test
from ksiqa.callback.metrics_file import data_share
from ksiqa.data.datamodule import QualityData
from ksiqa.data.fingerprint import data_fingerprint
from ksiqa.data.split_files import split_texts, write_split
from ksiqa.errors import DatasetError
from ksiqa.files import alone_in, kept_if_begun, write_whole
from ksiqa.inference.evaluation import Tested, covered, part_tested
from ksiqa.inference.model_card import COVERAGE
from ksiqa.inference.model_folder import describe, load_model, save_model
from ksiqa.inference.ridge import ridge_scores
from ksiqa.metric.collected import Collected
from ksiqa.provenance import provenance
from ksiqa.recipe import fingerprint
from ksiqa.report.environment import note_start, repeating
from ksiqa.report.run_folder import described, figures, write_bad_images, write_report, write_results
from ksiqa.stopping import GO_ON, stoppable
from ksiqa.training import trainers
from ksiqa.training.assembly import Parts, assemble, trained_model
from ksiqa.training.damage_fit import damage_from_scores
from ksiqa.training.images_seen import seen_again
from ksiqa.training.logged import check_loggers, log_end, log_rest, logged
from ksiqa.training.others import other_data, other_sources, score_others
from ksiqa.training.phases import train_phases
from ksiqa.training.processes import check_launch, is_first, one_job, together
from ksiqa.training.quiet import quiet_lightning
from ksiqa.training.resume import CONFIG, known_results, run_folder
from ksiqa.training.settle import settled
from ksiqa.training.shown import show_end
from ksiqa.training.validation_errors import validation_residuals

BEFORE_TRAINING = (
    CONFIG,
    "environment.json",
    "bad_images.csv",
    "split",
    "splits",
    "wandb",
    "tensorboard",
)  # is written


def run(config: DictConfig, folder: Path, *, test: bool = True) -> dict[str, Any] | None:
    """Train, save, test; return what results.json holds. A run that was cut off in its folder goes on there, and of one
    that is done the results are returned as they are. Where ``test`` is false no test part is scored.

    Where several processes train together, all of them come here; the first one alone writes and tests, the others
    leave after training with None.

    Raises:
        KsiqaError: as the config and the data make it; the folder holds another run, or another process is in it.
    """
    check_launch(config)
    config = settled(config)
    folder = run_folder(config, folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _own(folder) if is_first() else nullcontext(), stoppable(GO_ON, what=lambda: _stopped_at(folder)):
        results = known_results(config, folder)
        if results is None:
            with one_job():
                return train_and_test(config, folder, test=test)
        if is_first():
            log_rest(config, folder, results=results, keep=test)
    if is_first():
        Console().print(f"done already: {folder}", soft_wrap=True, markup=False)
    return results


@contextmanager
def _own(folder: Path) -> Iterator[None]:
    """Keep other processes out of a run's folder; of a run that fails before its training began nothing of it is left.

    Raises:
        FolderInUseError: another process is in it.
    """
    with alone_in(folder), kept_if_begun(folder, begun=trainers.CHECKPOINTS, own=BEFORE_TRAINING):
        yield


def _stopped_at(folder: Path) -> str:
    """Say what a run that is stopped has come to."""
    trained = any(folder.glob(f"{trainers.CHECKPOINTS}/*/*.ckpt"))
    return "the run stopped; " + (
        f"what was trained is in {folder / trainers.CHECKPOINTS}" if trained else "nothing was saved yet"
    )


def train_and_test(config: DictConfig, folder: Path, *, test: bool) -> dict[str, Any] | None:
    """Do what ``run`` does of a settled config in a folder that is its own."""
    started = time.monotonic()
    trainers.check_trainer(config)
    check_loggers(config)
    quiet_lightning()
    lightning.seed_everything(config.seed, verbose=False)
    if is_first():
        with write_whole(folder / CONFIG) as file:
            file.write(OmegaConf.to_yaml(config, resolve=True))
        note_start(folder)
    sources = other_sources(config) if test else {}  # first: data errors come early
    parts = assemble(config, test=test)
    sets = parts.target.sets
    views: Any = sets[0].parts["test"].views
    others = other_data(config, sources, views=views)
    if any(folder.glob(f"{trainers.CHECKPOINTS}/*/*.ckpt")):
        check_same_split(folder, sets)
    if is_first():
        for one, place in split_folders(folder, sets):
            write_split(one.split, one.table, place)
        write_bad_images(folder / "bad_images.csv", [*parts.scored, *others.values()])
    with logged(config, folder) as loggers:
        with together():
            fr_source = train_phases(config, parts, folder, loggers=loggers)
        if not is_first():
            return None
        tested, results = saved_and_tested(config, parts, folder, others=others, fr_source=fr_source, test=test)
        results["seconds"] = round(time.monotonic() - started, 1)
        write_results(folder, results)
        places = log_end(loggers, folder, tested=tested, results=results, keep=test)
    show_end(tested, results, folder, data_share=data_share(folder / "metrics.csv"), places=places)
    return results


def saved_and_tested(
    config: DictConfig,
    parts: Parts,
    folder: Path,
    *,
    others: dict[str, QualityData],
    fr_source: str | None,
    test: bool,
) -> tuple[list[Tested], dict[str, Any]]:
    """Save what was trained as a model, test it if that is wanted, and write the report; return the tests, and what
    results.json holds but for the seconds."""
    sets = parts.target.sets
    model = trained_model(config, parts, fr_source=fr_source)
    if parts.finds_damage:
        damage_from_scores(model, pairs=parts.pairs or sets[0], target=sets[0])
    errors = validation_residuals(model, parts.scored, config, initial=parts.initial)
    save_model(replace(model, residuals=errors), folder / "model")
    trained = load_model(folder / "model")
    with_test = [one for one in sets if one.split.test and test]
    ridges = [ridge_test(one) if config.report.ridge else None for one in with_test]  # before features are let go
    for one in with_test:
        Console().print(
            f"testing {len(one.split.test)} images of {one.name}", soft_wrap=True, markup=False, highlight=False
        )
    tested = [
        part_tested(
            trained, one, trainer=trainers.scoring_trainer(config), from_features=config.report.from_features
        )._replace(ridge=ridge)
        for one, ridge in zip(with_test, ridges, strict=True)
    ]
    results = {
        **figures(tested),
        **score_others(config, trained, others, folder),
        **best_on_test(folder / "metrics.csv"),
        **described(sets, pairs=parts.pairs),
        **({"shares": {one.name: one.share for one in sets}} if len(sets) > 1 else {}),
        "experiment": config.name,
        "variant": config.get("variant"),
        "model": config.model.kind,
        "sharing": config.sharing.kind,
        "fr": fr_source is not None,
        **({"from_features": True} if config.report.from_features else {}),
        **going_on(config, parts),
        "seed": config.seed,
        "split": build.plain(config.split),
        "data_fingerprint": {one.name: data_fingerprint(one.source) for one in sets},
        **({"pairs_fingerprint": data_fingerprint(parts.pairs.source)} if parts.pairs else {}),
        "recipe": fingerprint(build.plain(config)),
        **provenance(),
        "directory": str(Path.cwd()),  # where the config's relative paths start
        "repeat": repeating(folder),
    }
    if tested:
        write_report(folder, tested=tested)
        measured = {"tested": figures(tested), "covered": covered(trained, tested, coverage=COVERAGE)}
        describe(replace(trained, training=trained.training | measured), folder / "model")
    return tested, results


def going_on(config: DictConfig, parts: Parts) -> dict[str, Any]:
    """Return what results.json says of ``init``: the digest of its weights, and how many of the test images and of the
    validation images it had learned from (None: not known); nothing where there is none."""
    if parts.initial is None:
        return {}
    known = parts.initial.training
    return {
        "init": config.init.weights,
        "init_saw_test": seen_again(known, parts.target.sets),
        "init_saw_validation": seen_again(known, parts.scored, part="validation"),
    }


def split_folders(folder: Path, sets: Sequence[QualityData]) -> list[tuple[QualityData, Path]]:
    """Return where a run's folder has each set's split."""
    return [(one, folder / "split" / (one.name if len(sets) > 1 else "")) for one in sets]


def check_same_split(folder: Path, sets: Sequence[QualityData]) -> None:
    """See whether a run that goes on would train on the images that it has begun with.

    Raises:
        DatasetError: images have been repaired, broken or exchanged since.
    """
    for one, place in split_folders(folder, sets):
        for name, text in split_texts(one.split, one.table).items():
            file = place / name
            if file.exists() and file.read_text(encoding="utf-8") != text:
                raise DatasetError(
                    found=f"other images than {file} names: some were repaired or broken since the run began",
                    expected="the same images to go on with",
                    do="restore them as they were, or start anew in another folder",
                )


def ridge_test(data: QualityData) -> Collected:
    """Return the test part's scores by a ridge on pooled frozen features of the same run."""
    rows = np.array(data.split.test)
    order = rows.argsort()
    score = ridge_scores(data)[order]
    return Collected(row=rows[order], score=score, label=data.table.scores[rows[order]], doubt=np.ones_like(score))
