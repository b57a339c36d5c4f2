"""One training run, from a composed config to a folder with the trained model and its test figures."""

import time
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import numpy as np
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.table import Table

from ksiqa import build, trainers
from ksiqa.assembly import assemble, trained_model
from ksiqa.callback.best_on_test import best_on_test
from ksiqa.data.datamodule import QualityData
from ksiqa.data.split_files import write_split
from ksiqa.files import write_whole
from ksiqa.inference.evaluation import Tested, test
from ksiqa.inference.model_folder import load_model, save_model
from ksiqa.inference.ridge import ridge_scores
from ksiqa.metric.agreement import agreement
from ksiqa.metric.collected import Collected
from ksiqa.processes import check_launch, is_first, part_ways
from ksiqa.quiet import quiet_lightning
from ksiqa.recipe import fingerprint
from ksiqa.report.run_folder import described, figures, provenance, write_report
from ksiqa.resume import run_folder
from ksiqa.training import train_phases


def run(config: DictConfig, folder: Path) -> dict[str, Any] | None:
    """Train, save, test; return what results.json holds.

    Where several processes train together, all of them come here; the first one alone writes and tests, the others
    leave after training with None.
    """
    started = time.monotonic()
    check_launch(config)
    trainers.check_accelerator(config)
    trainers.check_loggers(config)
    folder = run_folder(config, folder)
    quiet_lightning()
    lightning.seed_everything(config.seed, verbose=False)
    folder.mkdir(parents=True, exist_ok=True)
    if is_first():
        with write_whole(folder / "config.yaml") as file:
            file.write(OmegaConf.to_yaml(config, resolve=True))
    parts = assemble(config)
    if is_first():
        write_split(parts.target.split, parts.target.table, folder / "split")
    fr_source = train_phases(config, parts, folder)
    part_ways()
    if not is_first():
        return None
    save_model(trained_model(config, parts, fr_source=fr_source), folder / "model")
    trained = load_model(folder / "model")
    ridge = ridge_test(parts.target) if config.report.ridge else None
    tested = test(trained, parts.target, trainer=trainers.scoring_trainer(config))
    results = {
        **figures(tested, parts.target),
        **(agreement(ridge.score, ridge.label, unit=parts.target.unit).as_dict("ridge/") if ridge else {}),
        "train_n": len(parts.target.split.train),
        "validation_n": len(parts.target.split.validation),
        **best_on_test(folder / "metrics.csv"),
        **described(parts.target, pairs=parts.pairs),
        "experiment": config.name,
        "model": config.model.kind,
        "sharing": config.sharing.kind,
        "fr": fr_source is not None,
        "seed": config.seed,
        "split": build.plain(config.split),
        "recipe": fingerprint(build.plain(config)),
        **provenance(),
        "seconds": round(time.monotonic() - started, 1),
    }
    write_report(folder, tested=tested, ridge=ridge, data=parts.target, results=results)
    show(tested, results, folder / "model")
    return results


def ridge_test(data: QualityData) -> Collected:
    """Return the test part's scores by a ridge on pooled frozen features of the same run."""
    rows = np.array(data.split.test)
    order = rows.argsort()
    return Collected(row=rows[order], score=ridge_scores(data)[order], label=data.table.scores[rows[order]])


def show(tested: Tested, results: dict[str, Any], model: Path) -> None:
    """Print the test figures and where the model is."""
    table = Table(title=f"{results['experiment']}: test part of {results['data']}, {results['test_n']} images")
    for column in ("model", "SRCC", "PLCC", "PLCC fitted", "KRCC", "RMSE"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for name, one in tested.agreements.items():
        values = one.as_dict("").values()
        table.add_row(name, *("no fit" if value is None else f"{value:.4f}" for value in values))
    console = Console()
    console.print(table)
    console.print(f"model: {model}", soft_wrap=True)
