"""One training run, from a composed config to a folder with the trained model and its test figures."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from omegaconf import DictConfig, OmegaConf, open_dict
from rich.console import Console
from rich.table import Table

from ksiqa import build
from ksiqa.data.datamodule import QualityData
from ksiqa.data.split_files import write_split
from ksiqa.errors import ConfigError
from ksiqa.files import write_whole
from ksiqa.inference.evaluation import Tested, test
from ksiqa.inference.model_folder import TrainedModel, load_model, save_model
from ksiqa.inference.ridge import ridge_scores
from ksiqa.metric.agreement import agreement
from ksiqa.model.student import Student
from ksiqa.model.teacher import Teacher
from ksiqa.report.run_folder import figures, provenance, write_report
from ksiqa.task.quality import QualityTask
from ksiqa.task.regime import Phase

FR_MAY_LOSE = 0.01  # SRCC on held-out pairs; a teacher that lost more in transfer is not saved as one


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a config builds."""

    model: build.Model
    instructor: Teacher | None
    target: QualityData
    pairs: QualityData | None


def run(config: DictConfig, folder: Path) -> dict[str, Any]:
    """Train, save, test; return what results.json holds."""
    started = time.monotonic()
    folder = resumed_folder(config, folder)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # devices, tips: said in config.yaml, or noise
    lightning.seed_everything(config.seed, verbose=False)
    folder.mkdir(parents=True, exist_ok=True)
    with write_whole(folder / "config.yaml") as file:
        file.write(OmegaConf.to_yaml(config, resolve=True))
    parts = assemble(config)
    write_split(parts.target.split, parts.target.table, folder / "split")
    fr_source = train_phases(config, parts, folder)
    save_model(trained_model(config, parts, fr_source=fr_source), folder / "model")
    trained = load_model(folder / "model")
    baseline = ridge_figures(parts.target) if config.report.ridge else {}
    tested = test(trained, parts.target, trainer=build.scoring_trainer(config))
    results = {
        **figures(tested),
        **baseline,
        "train_n": len(parts.target.split.train),
        "validation_n": len(parts.target.split.validation),
        "test_n": len(parts.target.split.test),
        "data": parts.target.name,
        "label": parts.target.table.facts.label,
        "missing": parts.target.table.missing,
        "experiment": config.name,
        "model": config.model.kind,
        "sharing": config.sharing.kind,
        "fr": fr_source is not None,
        "seed": config.seed,
        "split": build.plain(config.split),
        **provenance(),
        "seconds": round(time.monotonic() - started, 1),
    }
    write_report(folder, tested=tested, data=parts.target, results=results)
    show(tested, results, folder / "model")
    return results


def assemble(config: DictConfig) -> Parts:
    """Build data and model of a config; what frozen backbones say of the data is computed here."""
    nodes = {"target": config.data} | ({"pairs": config.pairs} if config.get("pairs") else {})
    sources = {name: build.image_source(node) for name, node in nodes.items()}  # first: data errors come early
    names = [source.table.facts.name for source in sources.values()]
    model = build.model(config, sources=names)
    extraction = model.feature_extraction
    if config.report.ridge and not (extraction.frozen and config.split.validation_share):
        raise ConfigError(
            found=f"report.ridge=true with backbone.frozen={extraction.frozen} and"
            f" split.validation_share={config.split.validation_share}",
            expected="frozen features to regress on, and a validation part to choose its penalty on",
            do="set report.ridge=false",
        )
    if len(set(names)) < len(names):
        raise ConfigError(
            found=f"target and pairs that both are {names[0]}",
            expected="two sources of scores, told apart by name",
            do="choose another source of pairs, such as +data@pairs=folder",
        )
    data = {
        name: build.quality_data(nodes[name], source=source, split=config.split, seed=config.seed, cell=extraction.cell)
        for name, source in sources.items()
    }
    instructor = build.instructor(config, sources=names) if config.sharing.kind == "distil" else None
    for one in data.values():
        for learner in (model, instructor):
            if learner is not None:
                learner.regressor.start_from(one.training_scores, source=one.name, bins=config.model.bins)
        if config.sharing.kind in ("none", "pretrain") and not isinstance(model, Teacher):
            one.without_references()
        if extraction.frozen:
            build.keep_frozen(one, extraction, cache=Path(config.cache).expanduser())
    return Parts(model=model, instructor=instructor, target=data["target"], pairs=data.get("pairs"))


def train_phases(config: DictConfig, parts: Parts, folder: Path) -> str | None:
    """Run all phases; return the source on whose scale full-reference scores are, None without a trained teacher."""
    phases = build.regime(config).phases(
        parts.model, instructor=parts.instructor, target=parts.target, pairs=parts.pairs
    )
    fr_srcc = []
    for phase in phases:
        fit(config, phase, folder)
        if config.sharing.kind == "transfer":
            fr_srcc.append(validated_fr_srcc(config, parts))
    if isinstance(parts.model, Teacher) or config.sharing.kind in ("joint", "sequential"):
        return parts.target.name
    if fr_srcc and fr_srcc[0] - fr_srcc[-1] <= FR_MAY_LOSE:
        assert parts.pairs is not None  # transfer has pairs
        return parts.pairs.name
    return None


def validated_fr_srcc(config: DictConfig, parts: Parts) -> float:
    """Return the teacher's SRCC on the validation part of the pairs."""
    assert isinstance(parts.model, Student)  # only a student is trained by transfer
    assert parts.pairs is not None
    if not parts.pairs.split.validation:
        raise ConfigError(
            found="sharing=transfer without a validation part",
            expected="pairs held out, on which to see whether the teacher still scores after transfer",
            do="set split.validation_share=0.1",
        )
    task = QualityTask(student=None, teacher=parts.model.teacher(), source=parts.pairs.name, unit=parts.pairs.unit)
    build.scoring_trainer(config).validate(task, parts.pairs.val_dataloader(), verbose=False)
    return float(task.trainer.callback_metrics["validation/srcc"])


def fit(config: DictConfig, phase: Phase, folder: Path) -> None:
    """Train one phase, with its best or its last weights at the end."""
    for part in phase.frozen:
        part.requires_grad_(False)
    trainer = build.trainer(config, phase=phase, folder=folder)
    validation = phase.target.val_dataloader() if phase.target.split.validation else None
    last = folder / "checkpoints" / phase.name / "last.ckpt"
    trainer.fit(phase.task, phase.loaders(), validation, ckpt_path=last if last.exists() else None)
    if config.task.select == "best":
        checkpoint: Any = trainer.checkpoint_callback
        best = torch.load(checkpoint.best_model_path, weights_only=True)
        phase.task.load_state_dict(best["state_dict"])


def resumed_folder(config: DictConfig, folder: Path) -> Path:
    """Return the folder to train in: a new one, or with ``+resume=auto|FOLDER`` one whose training was cut off.

    Raises:
        ConfigError: there is none, or it was made with another config.
    """
    with open_dict(config):
        resume = config.pop("resume", None)
    if resume is None:
        return folder
    text = OmegaConf.to_yaml(config, resolve=True)
    if resume == "auto":
        candidates = sorted(folder.parent.glob("*/config.yaml"), reverse=True)
    else:
        candidates = [Path(resume).expanduser() / "config.yaml"]
    for candidate in candidates:
        if candidate.exists() and candidate.read_text() == text and not (candidate.parent / "results.json").exists():
            return candidate.parent
    raise ConfigError(
        found=f"resume={resume}, and no unfinished run of this config ({len(candidates)} folders looked at)",
        expected="a run folder without results.json whose config.yaml equals this command's",
        do="repeat the command exactly as it was, or leave +resume out to start anew",
    )


def trained_model(config: DictConfig, parts: Parts, *, fr_source: str | None) -> TrainedModel:
    """Return the model with all that scoring needs."""
    data = [parts.target, *([parts.pairs] if parts.pairs else [])]
    views: Any = parts.target.parts["test"].views  # ScoringViews: the part is scored
    return TrainedModel(
        network=parts.model,
        model=build.plain(config.model),
        backbone=build.plain(config.backbone),
        scales={one.name: one.table.facts for one in data},
        source=parts.target.name,
        fr_source=fr_source,
        views=views,
        short_side=config.data.short_side,
        training={
            "experiment": config.name,
            "sharing": config.sharing.kind,
            "seed": config.seed,
            **provenance(),
        },
    )


def ridge_figures(data: QualityData) -> dict[str, float | None]:
    """Return the test figures of a ridge on pooled frozen features of the same run."""
    labels = data.table.scores[list(data.split.test)]
    return agreement(ridge_scores(data), labels, unit=data.unit).as_dict("ridge/")


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
