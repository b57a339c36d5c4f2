"""Where the figures of runs go: a sweep with all loggers at once by its command, read back from its own files."""

import json
import os
import pty
import re
import shutil
import signal
import sys
import threading
from contextlib import redirect_stdout, suppress
from statistics import median

import pytest
import torch
from PIL import Image

from ksiqa import train as command
from ksiqa.callback.wandb_run import run_id
from ksiqa.errors import ConfigError
from ksiqa.report.environment import note_start
from tests.runs import SMALL, ended, rows, same_run, table_overrides, train, untimed
from tests.wandb_file import read, table, wandb_folders

TOLD = ("sharing=joint", "trainer.max_epochs=2", "name=shown")
NAMED = ("gradient_norm", "time/data_share", "time/images_per_second", "lr/head", "lr/backbone", "train/loss")
SCORED = ("validation/srcc", "validation/plcc", "validation/imagery_error", "validation/identity_error")


@pytest.fixture(scope="module")
def _at_home(tmp_path_factory):
    """W&B keeps its logs out of the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR"):
            patch.setenv(name, str(tmp_path_factory.mktemp("wandb")))
        yield


@pytest.fixture(scope="module")
def told(pairs, tmp_path_factory):
    return [*SMALL, *table_overrides(pairs), *TOLD, f"cache={tmp_path_factory.mktemp('cache')}"]


@pytest.fixture(scope="module")
def sweep(told, tmp_path_factory, _at_home):
    """Two splits, and beside them what the command printed."""
    folder = tmp_path_factory.mktemp("sweep") / "two"
    with (folder.parent / "printed.txt").open("w") as file, redirect_stdout(file):
        command.main(["-m", *told, "split.index=0,1", "logger=[csv,wandb,tensorboard]", f"hydra.sweep.dir={folder}"])
    return folder


@pytest.fixture(scope="module")
def first(sweep):
    """The first run of the sweep, and what W&B has of it."""
    folder = sweep / "split.index=0"
    (offline,) = wandb_folders(folder)
    return folder, offline, read(offline)


def test_a_sweep_shows_the_parts_of_a_model_once(sweep):
    printed = (sweep.parent / "printed.txt").read_text()
    assert (printed.count("FE: ViT"), printed.count("data: images (contents)")) == (1, 2)
    assert printed.count("model: parts and parameters as in the run before") == 1


def test_wandb_has_each_row_of_metrics_csv_as_a_step(first):
    folder, _, found = first
    metrics = rows(folder / "metrics.csv")
    terms = [name for name in metrics[0] if name.startswith("train/table/")]
    assert len(terms) == 9
    for step, row in enumerate(metrics):
        for name in (*NAMED, *SCORED, *terms):
            assert found.history[step][name] == pytest.approx(float(row[name])), name
    assert len(metrics) == 2


def test_times_and_gradient_are_what_they_say(first):
    for row in rows(first[0] / "metrics.csv"):
        assert 0 < float(row["time/data_share"]) < 1  # no workers: images are read in the step
        assert float(row["time/images_per_second"]) > 0
        assert float(row["gradient_norm"]) > 0


def test_predictions_stand_against_labels_by_the_labels_name(first):
    folder, offline, found = first
    for step, part in enumerate(("validation", "validation", "test")):
        points = table(offline, _file(found.history[step], f"{part}/scatter_table"))
        assert {tuple(point) for point in points} == {("image", "predicted MOS", "MOS")}
        assert len(points) == 10
    tested = {row["image"]: row for row in rows(folder / "predictions.csv")}
    for point in points:
        row = tested[point["image"]]
        assert (point["predicted MOS"], point["MOS"]) == pytest.approx((float(row["score_raw"]), float(row["label"])))


def test_the_worst_images_are_shown_with_their_maps_and_intervals(first):
    folder, offline, found = first
    worst = table(offline, _file(found.history[2], "test/worst"))
    errors = [abs(row["score"] - row["label"]) for row in worst]
    tested = rows(folder / "predictions.csv")
    assert errors == sorted(errors, reverse=True)
    assert errors[0] == pytest.approx(max(abs(float(row["score_raw"]) - float(row["label"])) / 4 for row in tested))
    assert list(worst[0])[3:] == ["MOS", "score_raw", "label", "score", "low", "high"]
    for row in worst:
        assert 0 <= row["low"] <= row["score"] <= row["high"] <= 1
        assert row["score_raw"] == pytest.approx(1 + 4 * row["score"])
    for part in ("validation", "test"):
        (files,) = (one for name, one in found.artifacts.items() if f"{part}worst" in name)
        shown = [Image.open(file) for name, file in files.items() if name.endswith(".png")]
        assert {picture.size for picture in shown} == {(64, 64), (260, 64 + 44)}  # images, and maps with a legend
        assert len([picture for picture in shown if picture.size == (64, 64)]) >= 8
        for picture in shown:
            picture.close()


def test_the_levels_count_the_images(first):
    for step, part in enumerate(("validation", "validation", "test")):
        levels = _file(first[2].history[step], f"{part}/levels")
        assert levels["_type"] == "histogram"
        assert sum(levels["values"]) == pytest.approx(10, abs=1e-3)
        assert levels["bins"] == pytest.approx([level / 8 for level in range(9)])


def test_model_config_split_and_results_are_artifacts(first):
    folder, _, found = first
    assert found.status == 0
    assert found.summary["test/srcc"] == json.loads((folder / "results.json").read_text())["test/srcc"]
    files = {**found.artifacts[f"model-{found.run.run_id}"], **found.artifacts[f"run-{found.run.run_id}"]}
    named = {"model.safetensors", "config.json", "config.yaml", "results.json", "split/train.txt", "split/test.txt"}
    assert named <= set(files)
    assert files["model.safetensors"].samefile(folder / "model" / "model.safetensors")
    assert files["results.json"].samefile(folder / "results.json")


def test_runs_of_a_sweep_are_one_group_with_a_run_of_medians(sweep, first):
    second = read(wandb_folders(sweep / "split.index=1")[0])
    results = [json.loads((sweep / f"split.index={index}" / "results.json").read_text()) for index in range(2)]
    (summed,) = wandb_folders(sweep)
    found = read(summed)
    assert {one.run.run_group for one in (first[2], second, found)} == {f"shown/two/{results[0]['recipe']}"}
    assert len({one.run.run_id for one in (first[2], second, found)}) == 3
    assert (first[2].run.job_type, found.run.job_type) == ("train", "median")
    for key in ("test/srcc", "test/plcc", "test/teacher_srcc"):
        assert found.summary[key] == pytest.approx(median(one[key] for one in results)), key
    runs = table(summed, _file(found.history[0], "runs"))
    assert [row["srcc"] for row in runs] == [one["test/srcc"] for one in results]


def test_tensorboard_has_the_same_figures(first):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(first[0] / "tensorboard"))
    events.Reload()
    for name in (*NAMED, *SCORED):
        written = [float(row[name]) for row in rows(first[0] / "metrics.csv")]
        assert [event.value for event in events.Scalars(name)] == pytest.approx(written), name
        assert [event.step for event in events.Scalars(name)] == [0, 1]


@pytest.fixture(scope="module")
def plain(told, tmp_path_factory):
    """The first run without loggers, on a terminal of 80 columns; and what that showed."""
    folder, shown = tmp_path_factory.mktemp("plain") / "run", []
    ours, theirs = pty.openpty()

    def drain():
        with suppress(OSError):  # nobody has the terminal any more
            while True:
                shown.append(os.read(ours, 4096))

    with pytest.MonkeyPatch.context() as patch, os.fdopen(theirs, "w") as terminal:
        for name, value in {"TERM": "xterm", "COLUMNS": "80", "LINES": "40"}.items():
            patch.setenv(name, value)
        reader = threading.Thread(target=drain, daemon=True)
        reader.start()
        patch.setattr(sys, "stdout", terminal)
        train(folder, *told, "trainer.enable_progress_bar=true")
    reader.join(timeout=20)
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(shown).decode(errors="ignore"))
    return folder, text.replace("\r", "\n").splitlines()


def test_loggers_and_bars_change_nothing(first, plain):
    one, other = first[0], plain[0]
    same_run(one, other)
    states = [
        torch.load(folder / "checkpoints" / "joint" / "last.ckpt", weights_only=True)["random_states"][0]
        for folder in (one, other)
    ]
    assert torch.equal(*(one["torch"] for one in states))
    assert states[0]["numpy"] == states[1]["numpy"]  # Python's own: beartype draws from it for each annotated call
    assert not (other / "wandb").exists()


def test_a_terminal_shows_the_numbers_that_people_watch_within_its_width(plain):
    folder, lines = plain
    (last, *_) = [line for line in reversed(lines) if line.startswith("joint 2/2")]
    assert re.search(r"4/4 .*loss: \d\.\d+ SRCC: -?\d\.\d+ images/s: \d+", last), last
    end = rows(folder / "metrics.csv")[-1]
    shown = [f"{name}: {float(end[key]):.3f} " for name, key in (("loss", "train/loss"), ("SRCC", "validation/srcc"))]
    assert all(one in last for one in shown), (last, shown)  # of the whole epoch, which took less than half a second
    assert all(len(line) <= 80 for line in lines if not line.startswith(("run:", "model:")))


def test_where_there_is_no_terminal_an_epoch_is_a_line(told, tmp_path, capsys):
    train(tmp_path / "run", *told, "trainer.enable_progress_bar=true")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("joint ")]
    for number, (line, row) in enumerate(zip(lines, rows(tmp_path / "run" / "metrics.csv"), strict=True), start=1):
        loss, srcc = float(row["train/loss"]), float(row["validation/srcc"])
        assert re.fullmatch(rf"joint {number}/2, loss {loss:.4g}, SRCC {srcc:.3f}, \d+\.\d images/s", line), line


def test_the_start_says_what_trains_on_what_and_the_end_what_came_of_it(plain):
    folder, lines = plain
    cells = [re.split(r"\s*[│┃]\s*", line.strip("│┃ \n")) for line in lines if line.startswith(("│", "┃"))]
    parts = {
        row[0]: [int(one.replace(",", "")) for one in row[1:]] for row in cells if len(row) == 4 and row[1][0].isdigit()
    }
    assert list(parts) == ["FE: ViT", "FE: CNN", "FE: fusion", "MIG", "decoder", "QAR", "ordinal", "all"]
    assert [sum(column) for column in zip(*list(parts.values())[:-1], strict=True)] == parts["all"]
    assert ["table", "MOS", "30 (6)", "10 (2)", "10 (2)"] in cells
    text = "\n".join(lines)
    assert "split: random, index 0, seed 0\n" in text
    assert "backbone: test_vit (random) and test_efficientnet (random)\n" in text
    assert "batch: 8 images, devices: 1, accumulated batches: 1; a step takes 8 images" in text
    assert re.search(r"time: \d+ s; \d+% of training waited for data \(time/data_share\)", text)
    assert f"run: {folder}" in text


def test_a_run_that_goes_on_is_the_same_run_of_wandb(told, sweep, first, tmp_path):
    """As if it had been killed in its test."""
    folder = tmp_path / "split.index=0"
    shutil.copytree(sweep / "split.index=0", folder)
    (folder / "results.json").unlink()
    train(folder, *told, "logger=[csv,wandb]", "+resume=auto")
    again = read(wandb_folders(folder)[-1])
    assert len(wandb_folders(folder)) == 2
    assert again.run.run_id == first[2].run.run_id
    assert list(again.history) == [0, 1, 2]  # what was logged before may not have been written
    for step, row in enumerate(rows(folder / "metrics.csv")):
        told_again = {name: again.history[step][name] for name, value in row.items() if name != "phase" and value}
        assert told_again == {name: pytest.approx(float(row[name])) for name in told_again}
    assert again.summary["test/srcc"] == first[2].summary["test/srcc"]


def test_wandb_gets_the_end_of_a_run_that_was_killed_before_it(told, first, tmp_path, capsys):
    """Results were there already; the second time nothing is left to be told."""
    folder = tmp_path / "split.index=0"
    shutil.copytree(first[0], folder)
    (folder / "wandb" / "ended").unlink()
    shutil.rmtree(*wandb_folders(folder))
    for _ in range(2):
        train(folder, *told, "split.index=0", "logger=wandb")
    (offline,) = wandb_folders(folder)
    found, results = read(offline), json.loads((folder / "results.json").read_text())
    assert found.summary["test/srcc"] == results["test/srcc"]
    assert {name.partition("-")[0] for name in found.artifacts} == {"model", "run"}
    assert found.status == 0
    assert capsys.readouterr().out.count("W&B lacked the end of this run; it has it now") == 1


def test_runs_that_start_in_folders_of_one_name_are_two(tmp_path):
    folders = [tmp_path / trial / "split.index=0" for trial in ("trial-0000", "trial-0001")]
    for folder in folders:
        folder.mkdir(parents=True)
        note_start(folder)  # within a second
    first, second = (run_id(folder) for folder in folders)
    assert first != second
    note_start(folders[0])  # it goes on
    assert run_id(folders[0]) == first


@pytest.mark.parametrize("name", ["id", "group", "config", "resume"])
def test_what_a_run_of_wandb_sets_itself_cannot_be_told(name, tmp_path):
    with pytest.raises(ConfigError) as error:
        train(tmp_path / "run", "logger=wandb", f"+logger.wandb.{name}=one", *table_overrides(tmp_path / "none.csv"))
    assert str(error.value).startswith(f"found: logger.wandb.{name}\nexpected: of what wandb.init takes: entity, tags")


@pytest.mark.long
@pytest.mark.usefixtures("_at_home")
def test_a_killed_run_goes_on_step_by_step(told, tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_SERVICE", raising=False)  # else the killed run would stay open in this process's service
    longer = [*told, "trainer.max_epochs=6", "logger=[csv,wandb]"]
    killed = ended(tmp_path, *longer, by=signal.SIGKILL, at="checkpoints/joint/last.ckpt")
    train(killed.parent / "again", *longer, "+resume=auto")
    gone_on = read(wandb_folders(killed)[1])  # of the first one W&B may not have written anything
    assert gone_on.run.run_id == run_id(killed)
    assert sorted(gone_on.history) == list(range(7))
    train(tmp_path / "whole", *longer, "logger=csv")
    assert untimed(killed / "metrics.csv") == untimed(tmp_path / "whole" / "metrics.csv")


def _file(step, key):
    """Return what a step of the history says of a file, which its keys spread."""
    return {name.rpartition("/")[2]: value for name, value in step.items() if name.rpartition("/")[0] == key}
