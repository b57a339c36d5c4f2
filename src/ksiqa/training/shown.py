"""What a run prints: before its first step what trains on what, and at its end what came of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig
from rich.table import Table
from torch import nn

from ksiqa.console import open_console
from ksiqa.inference.evaluation import Tested
from ksiqa.metric.agreement import Agreement
from ksiqa.metric.correlation import few
from ksiqa.model.ensemble import members
from ksiqa.model.plain import Plain
from ksiqa.model.student import Student
from ksiqa.task.phase import Phase
from ksiqa.training.assembly import Parts
from ksiqa.training.images_seen import seen_again

PARTS = ("train", "validation", "test")
_shown_last: dict[str, tuple[int, int]] = {}  # parameters of the model's parts, as this process printed them last


def show_start(config: DictConfig, parts: Parts, phases: Sequence[Phase], *, processes: int) -> None:
    """Print the model's parts, the data's parts, the backbones and their weights, the split and what a step takes."""
    console = open_console()
    _show_model(parts)
    console.print(_data_table(parts))
    split, accumulated = config.split, int(config.trainer.get("accumulate_grad_batches", 1))
    batch = int(config.data.batch_size)
    branches = [one for name in ("vit", "cnn") if (one := config.backbone.get(name))]
    lines = {
        "backbone": " and ".join(f"{one.name} ({Path(str(one.weights)).name})" for one in branches),
        "split": f"{split.source}, index {split.index}, seed {split.seed}",
        "epochs": ", ".join(f"{one.name} {one.epochs}" for one in phases),
        "batch": f"{batch} images, devices: {processes}, accumulated batches: {accumulated}; "
        f"a step takes {batch * processes * accumulated} images",
    }
    if parts.initial is not None and config.task.select == "best":
        seen = seen_again(parts.initial.training, parts.target.sets, part="validation")
        if seen:
            lines["task.select=best"] = f"chooses by {seen} validation images that init has learned from"
    for name, text in lines.items():
        console.print(f"{name}: {text}", soft_wrap=True, markup=False, highlight=False)


def show_end(
    tested: Sequence[Tested], results: dict[str, Any], folder: Path, *, data_share: float | None, places: Sequence[str]
) -> None:
    """Print the test figures, the time, and where things are.

    Args:
        tested: none where nothing was tested.
        results: as in results.json.
        folder: of the run.
        data_share: of the steps' time in which data were waited for, the mean over the epochs of metrics.csv, also
            where a run went on; None where none has it.
        places: of the run in W&B.
    """
    console = open_console()
    show_tests(tested, results)
    share = "" if data_share is None else f"; {data_share:.0%} of training waited for data (time/data_share)"
    console.print(f"time: {results['seconds']:.0f} s{share}", soft_wrap=True, highlight=False)
    named = [("run", str(folder)), ("model", str(folder / "model")), *(("W&B", place) for place in places)]
    for name, place in named:
        console.print(f"{name}: {place}", soft_wrap=True, markup=False)


def show_tests(tested: Sequence[Tested], results: dict[str, Any]) -> None:
    """Print the test figures, whether they are none, and what intervals lack."""
    console = open_console()
    if tested:
        console.print(_test_table(tested, results))
    seen = results.get("saw_test") or results.get("init_saw_test")
    if seen:
        console.print(f"{seen} of these images were trained on before: on them the figures are no test", soft_wrap=True)
    ending = "same_photographs"
    for name in [results["data"] if key == ending else key.split("/")[1] for key in results if key.endswith(ending)]:
        text = f"{name} distorts photographs that were trained on in another set: its figures test no other photographs"
        console.print(text, soft_wrap=True, markup=False, highlight=False)
    learned = results.get("init_saw_validation", 0)
    if learned:
        text = f"{learned} validation images were trained on before: they are left out of the intervals"
        console.print(text, soft_wrap=True)
    elif learned is None:
        console.print("what init has learned from is not known: there are no intervals", soft_wrap=True)


def _show_model(parts: Parts) -> None:
    """Print the model's parts; of a sweep's run that has those of the run before it, that it has."""
    counts = {name: _parameters(modules) for name, modules in _model_parts(parts)}
    swept = HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN and HydraConfig.get().job.num > 0
    if swept and counts == _shown_last:
        open_console().print("model: parts and parameters as in the run before")
        return
    _shown_last.clear()
    _shown_last.update(counts)
    table = Table(title="model")
    for column in ("part", "parameters", "trained", "frozen"):
        table.add_column(column, justify="left" if column == "part" else "right")
    for name, (trained, frozen) in counts.items():
        table.add_row(name, *(f"{count:,}" for count in (trained + frozen, trained, frozen)))
    trained, frozen = (sum(one) for one in zip(*counts.values(), strict=True))
    table.add_section()
    table.add_row("all", *(f"{count:,}" for count in (trained + frozen, trained, frozen)))
    open_console().print(table)


def _model_parts(parts: Parts) -> Iterator[tuple[str, list[Any]]]:
    """Yield the parts of the model by name, each parameter in one of them."""
    model: Any = parts.model
    extraction, regressors = model.feature_extraction, [one.regressor for one in members(model)]
    branches = {"FE: ViT": extraction.vit, "FE: CNN": extraction.cnn}
    yield from ((name, [branch]) for name, branch in branches.items() if branch is not None)
    yield "FE: fusion", [one for one in extraction.children() if one not in branches.values()]
    if isinstance(model, Student):
        yield "MIG", [model.imagery]
    yield ("body", [model.body]) if isinstance(model, Plain) else ("decoder", [model.decoder])
    heads = [head for one in regressors if (head := getattr(one, "ordinal", None)) is not None]
    own = [part for one in regressors for part in (*one.children(), *one.parameters(recurse=False))]
    yield "QAR", [part for part in own if not any(part is head for head in heads)]
    if heads:
        yield "ordinal", heads
    if parts.instructor is not None:
        yield "instructor", [parts.instructor]


def _parameters(modules: Sequence[Any]) -> tuple[int, int]:
    """Return how many numbers are trained, and how many frozen."""
    found = [one for part in modules for one in (part.parameters() if isinstance(part, nn.Module) else [part])]
    trained = sum(one.numel() for one in found if one.requires_grad)
    return trained, sum(one.numel() for one in found) - trained


def _data_table(parts: Parts) -> Table:
    table = Table(title="data: images (contents)")
    for column in ("set", "labels", *PARTS):
        table.add_column(column, justify="right" if column in PARTS else "left")
    for one in (*parts.target.sets, *([parts.pairs] if parts.pairs else [])):
        rows = [list(getattr(one.split, part)) for part in PARTS]
        contents = [one.table.frame["content"].iloc[part].nunique() for part in rows]
        counts = (f"{len(part):,} ({count:,})" for part, count in zip(rows, contents, strict=True))
        table.add_row(one.name, one.table.facts.label, *counts)
    return table


def _test_table(tested: Sequence[Tested], results: dict[str, Any]) -> Table:
    table = Table(title=f"{results['experiment']}: test part of {results['data']}, {results['test_n']} images")
    for column in ("model", "SRCC", "PLCC", "PLCC fitted", "KRCC", "RMSE"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for one in tested:
        for name, found in one.agreements.items():
            values = (_shown(figure, found) for figure in found.as_dict(""))
            count = len(one.scores[name].row)
            of = f", of {count} images" if few(count) else ""
            table.add_row((f"{name} on {one.data.name}" if len(tested) > 1 else name) + of, *values)
    if len(tested) > 1:
        table.add_row("mean over the sets", *(f"{results[f'test/mean_{name}']:.4f}" for name in ("srcc", "plcc")))
    return table


def _shown(figure: str, found: Agreement) -> str:
    """Return what stands in a cell; of a curve that may not rise, as the labels fall, no correlation can be told."""
    value = getattr(found, figure)
    if value is None:
        return "no fit"
    flat = found.fit.parameters[0] == found.fit.parameters[1]
    return "flat fit" if flat and figure == "plcc_fitted" else f"{value:.4f}"
