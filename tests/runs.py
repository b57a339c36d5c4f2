"""Whole runs at miniature size: configs as the commands compose them, and what the runs leave behind."""

import csv
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig
from safetensors.torch import load_file

from ksiqa.evaluate import evaluate
from ksiqa.names import conf_folder
from ksiqa.training.run import run

SMALL = (
    *("backbone=tiny", "strategy=cpu", "trainer.enable_progress_bar=false", "trainer.max_epochs=1"),
    *("model.width=32", "model.heads=4", "model.imagery_depth=1", "model.decoder_depth=1", "model.levels=8"),
    *("data.crop=32", "data.batch_size=8", "data.workers=0", "split.validation_share=0.2"),
)
APART = {"seconds": 0, "repeat": "", "directory": ""}  # in which equal runs differ: the time, and the places
PAIR_SPLIT = ("pair_split.test_share=0.25", "pair_split.validation_share=0.25")  # of a handful of photographs


def table_overrides(file: Path, *, reference: bool = True) -> list[str]:
    """Return the overrides that make a CSV of ``tests.tiny.write_table`` the data."""
    named = ["data.reference=reference"] if reference else []
    return ["data=table", f"data.file={file}", "data.low=1", "data.high=5", "data.higher_is_better=true", *named]


def composed(command: str, *overrides: str) -> DictConfig:
    """Compose a command's config as Hydra does, choices first and then values. Choices take most of the time, a fifth
    of a second: those of several runs are composed once."""
    values = [text for text in overrides if not _chooses(text)]
    config = deepcopy(_chosen(command, *(text for text in overrides if _chooses(text))))
    ConfigLoaderImpl._apply_overrides_to_config(OverridesParser.create().parse_overrides(values), config)
    return config


def _chooses(override: str) -> bool:
    """Tell whether an override chooses files of a group, or is one of Hydra's own."""
    group = override.lstrip("+~").partition("=")[0].partition("@")[0]
    return (conf_folder() / group).is_dir() or group.startswith("hydra")


@cache
def _chosen(command: str, *choices: str) -> DictConfig:
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        return compose(command, list(choices))


def train(folder: Path, *overrides: str) -> dict[str, Any]:
    """Train in ``folder`` at miniature size and return the results; ``overrides`` go over the miniature's own."""
    return run(composed("train", *SMALL, f"cache={folder.parent / 'cache'}", *overrides), folder)


def evaluated(folder: Path, model: Path, *overrides: str) -> dict[str, Any]:
    """Evaluate a model in ``folder`` and return the results."""
    config = composed(
        "evaluate", f"checkpoint={model}", "strategy=cpu", "trainer.enable_progress_bar=false", *overrides
    )
    evaluate(config, folder)
    return json.loads((folder / "results.json").read_text())


def rows(file: Path) -> list[dict[str, str]]:
    """Read a CSV."""
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def same_weights(one: Path, two: Path) -> None:
    """Require two runs to have saved the same model, bit by bit."""
    states = [load_file(folder / "model" / "model.safetensors") for folder in (one, two)]
    assert states[0].keys() == states[1].keys()
    assert all((states[0][name] == states[1][name]).all() for name in states[0])


def wait_for(condition: Callable[[], object], process: Popen[bytes], *, seconds: float = 120) -> None:
    """Wait for something that a running training does."""
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < end, "the run wrote no checkpoint"
        time.sleep(0.005)


def killed_and_resumed(folder: Path, *overrides: str, epochs: int) -> None:
    """Kill a run's process in the student's phase, resume it, and require what a run left alone leaves."""
    told = [*SMALL, *overrides, "name=killed", f"cache={folder / 'cache'}"]
    killed = ended(folder, *told, by=signal.SIGKILL, at="checkpoints/student/last.ckpt")
    assert len(rows(killed / "metrics.csv")) < epochs
    (killed.parent / "again").mkdir()  # as Hydra does
    resumed = train(killed.parent / "again", *told, "+resume=auto")
    assert not (killed.parent / "again").exists()
    whole = train(folder / "whole", *told)
    same_run(killed, folder / "whole")
    assert {**resumed, **APART} == {**whole, **APART}


def ended(folder: Path, *overrides: str, by: signal.Signals, at: str, status: int | None = None) -> Path:
    """Start a run, send a signal to its process and all that it started once ``at`` is in its folder; return that."""
    command = [sys.executable, "-m", "ksiqa.train", *overrides]
    process = Popen(command, cwd=folder, stdout=DEVNULL, stderr=PIPE, start_new_session=True)
    wait_for(lambda: list(folder.glob(f"outputs/*/*/{at}")), process)
    os.killpg(process.pid, by)
    _, said = process.communicate()
    assert process.returncode == (-by if status is None else status), said.decode()
    (run_folder,) = folder.glob("outputs/*/*")
    assert not (run_folder / "results.json").exists()
    (run_folder / "said.txt").write_bytes(said)
    return run_folder


def same_run(one: Path, two: Path) -> None:
    """Require two runs to have left the same model, figures and predictions, bit by bit."""
    same_weights(one, two)
    found = [json.loads((folder / "results.json").read_text()) for folder in (one, two)]
    assert {**found[0], **APART} == {**found[1], **APART}
    assert untimed(one / "metrics.csv") == untimed(two / "metrics.csv")
    assert (one / "predictions.csv").read_text() == (two / "predictions.csv").read_text()


def untimed(file: Path) -> list[dict[str, str]]:
    """Read a metrics.csv without the times of its epochs, in which equal runs differ."""
    return [{name: value for name, value in row.items() if not name.startswith("time/")} for row in rows(file)]


def failed(main: Callable[[list[str]], None], arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must end with status 2, and return what it wrote to stderr."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    text = capsys.readouterr().err
    assert "Traceback" not in text
    assert "Error executing job" not in text  # Hydra's own line
    return text
