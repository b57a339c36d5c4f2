"""``ksiqa predict`` as it is used on many files: killed, repeated, with what can go wrong in between."""

import csv
import io
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch

from ksiqa import predict
from ksiqa.files import alone_with
from ksiqa.inference.model_folder import save_model
from ksiqa.prediction import parquet_rows
from tests.inference.conftest import saved
from tests.prediction.conftest import many, model, photos  # noqa: F401  (fixtures)

COUNT = 80
FORK = "ignore:.*multi-threaded:DeprecationWarning"


def rows(output: str) -> list[dict]:
    """All rows of an output, as others read them."""
    if output.endswith(".parquet"):
        return pd.read_parquet(output).to_dict("records")
    with Path(output).open(newline="") as file:
        return [json.loads(line) for line in file] if output.endswith(".jsonl") else list(csv.DictReader(file))


def scores(output: str) -> dict[str, float]:
    """Each image's score; each image has one row."""
    found = {row["image"]: float(row["score"]) for row in rows(output)}
    assert len(found) == len(rows(output))
    return found


def status(arguments: list[str]) -> int:
    """Run the command in this process."""
    try:
        predict.main(arguments)
    except SystemExit as exit_:
        return int(exit_.code)
    return 0


def _alone(arguments: list[str]) -> None:
    torch.set_num_threads(1)
    predict.main(arguments)


def begun(arguments: list[str]) -> multiprocessing.Process:
    """Run the command in a process of its own."""
    process = multiprocessing.get_context("fork").Process(target=_alone, args=(arguments,))
    process.start()
    return process


def wait_until(condition) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture(scope="module")
def whole(model, tmp_path_factory):  # noqa: F811  (fixtures)
    """A folder of many photographs, and their scores."""
    folder = many(tmp_path_factory.mktemp("many") / "photos", COUNT)
    return folder, {row["image"]: row["score"] for row in predict.predict([str(folder)], model=model)}


def size_of(output: str) -> int:
    path = Path(output)
    return len(list(path.glob("part-*"))) if path.is_dir() else path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.filterwarnings(FORK)
def test_the_same_name_in_another_folder_is_another_image(model, photos, tmp_path, monkeypatch, capsys):  # noqa: F811  (fixtures)
    first, other = tmp_path / "first", tmp_path / "other"
    for folder, name in ((first, "0.png"), (other, "2.png")):
        (folder / "photos").mkdir(parents=True)
        shutil.copy(photos / name, folder / "photos/0.png")
    monkeypatch.chdir(first)
    assert status(["photos/0.png", "--model", str(model), "--output", "scores.csv"]) == 0
    monkeypatch.chdir(other)
    assert status(["photos/0.png", "--model", str(model), "--output", str(first / "scores.csv")]) == 2
    assert "and one folder in which the command is given" in capsys.readouterr().err
    moved = first.rename(tmp_path / "moved")  # the output and the folder that names start from
    monkeypatch.chdir(moved)
    assert status(["photos/0.png", "--model", str(model), "--output", "scores.csv"]) == 0
    assert "0 scored, 1 were scored before" in capsys.readouterr().out


def test_names_as_long_as_they_may_be_get_maps_too(model, photos):  # noqa: F811  (fixtures)
    """Of 255 bytes, which no name can be added to."""
    long = ["\N{CJK UNIFIED IDEOGRAPH-7167}" * 83 + f"{number}.png" for number in range(2)]
    for name in long:
        shutil.copy(photos / "0.png", photos / name)
    assert status(["photos", "--model", str(model), "--maps", "maps", "--output", "scores.csv"]) == 0
    assert len(list(Path("maps").rglob("*.png"))) == len(rows("scores.csv")) == 8


def test_maps_where_a_file_is(model, photos, capsys):  # noqa: F811  (fixtures)
    assert status(["photos", "--model", str(model), "--maps", "photos/0.png"]) == 2
    assert "found: --maps photos/0.png, which is a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "number"),
    [
        ("scores.csv", signal.SIGKILL),
        ("scores.jsonl", signal.SIGTERM),
        ("scores.parquet", signal.SIGKILL),
        ("scores.parquet", signal.SIGINT),
    ],
)
def test_a_run_that_is_ended_goes_on_and_each_image_has_one_row(
    output, number, whole, model, photos, monkeypatch, capfd  # noqa: F811  (fixtures)
):  # fmt: skip
    monkeypatch.setattr(parquet_rows, "ROWS", 3)
    folder, expected = whole
    command = [str(folder), "--model", str(model), "--output", output, "--workers", "1"]
    process = begun(command)
    wait_until(lambda: size_of(output) > 4)
    os.kill(process.pid, number)
    process.join(60)
    assert process.exitcode == (-number if number == signal.SIGKILL else 128 + number)
    if number != signal.SIGKILL:
        assert f"found: {number.name}: the scoring stopped" in (said := capfd.readouterr().err)
        assert "do: repeat the command: what is scored is kept" in said
        assert "Traceback" not in said
    before = scores(output) if number != signal.SIGKILL else {}
    assert status(command) == 0
    assert "were scored before: scores" in capfd.readouterr().out
    found = scores(output)
    assert found == expected  # to the bit
    assert before.items() <= found.items()
    if number != signal.SIGKILL:
        assert 4 < len(before) < COUNT


def test_images_that_failed_are_tried_again_and_have_one_row(photos, model, capsys):  # noqa: F811  (fixtures)
    command = ["photos", "--model", str(model), "--output", "scores.csv"]
    (photos / "2.png").rename(photos / "kept")
    (photos / "2.png").write_bytes(b"broken")
    assert status(command) == 1
    assert "5 scored, 1 failed (column error; the same command tries them again): scores.csv" in capsys.readouterr().out
    assert status(["photos/more", *command[1:]]) == 0  # of its own images none failed; the row of the other stays
    assert len(rows("scores.csv")) == 6
    assert status(command) == 1
    assert "1 failed" in capsys.readouterr().out
    (photos / "kept").rename(photos / "2.png")
    assert status(command) == 0
    assert "1 scored, 5 were scored before" in capsys.readouterr().out
    assert scores("scores.csv") == {row["image"]: row["score"] for row in predict.predict(["photos"], model=model)}
    assert status(command) == 0
    assert "0 scored, 6 were scored before" in capsys.readouterr().out
    assert status([*command, "--report", "page.html"]) == 0
    assert "page.html has no quality maps of what was scored before" in capsys.readouterr().out


@pytest.mark.parametrize("output", ["scores.csv", "scores.jsonl", "scores.parquet"])
def test_rows_that_were_scored_otherwise_are_not_mixed(output, photos, model, capsys):  # noqa: F811  (fixtures)
    command = ["photos/0.png", "--model", str(model), "--output", output]
    assert status(command) == 0
    before = rows(output)
    for other in (["--coverage", "0.5"], ["--reference", "photos/2.png"]):
        assert status(["photos/2.png", *command[1:], *other]) == 2
        said = capsys.readouterr().err
        assert f"ConfigError\nfound: {output}" in said
        assert "do: choose another --output, or" in said
    assert rows(output) == before or output.endswith("parquet")
    assert len(rows(output)) == 1


def test_an_output_that_another_process_writes_to(photos, model, capsys):  # noqa: F811  (fixtures)
    with alone_with(Path("scores.csv")):
        assert status(["photos", "--model", str(model), "--output", "scores.csv"]) == 2
    assert "FolderInUseError\nfound: scores.csv\nexpected: a place that no other process" in capsys.readouterr().err


def test_files_listed_on_standard_input_and_both_scores_in_print(photos, model, capsys, monkeypatch):  # noqa: F811  (fixtures)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"photos/2.png\n\nphotos/0.png\n")))
    assert status(["-", "--model", str(model), "--reference", "photos/0.png"]) == 0
    shown = capsys.readouterr().out
    assert shown.index("photos/2.png") < shown.index("photos/0.png")
    against, alone = (predict.predict(["photos/2.png"], model=model, **one)[0]["score"] for one in (_BESIDE, {}))
    head, line = (next(text for text in shown.splitlines() if part in text) for part in ("NR score", "photos/2.png"))
    assert head.index("FR score") < head.index("NR score")
    assert line.index(f"{against:.4f}") < line.index(f"{alone:.4f}")


_BESIDE = {"reference": Path("photos/0.png")}


def test_what_could_not_be_written_is_refused_first(photos, model, capsys):  # noqa: F811  (fixtures)
    for wrong, found in {
        ("--output", "scores.txt"): "--output scores.txt\nexpected: a name that ends in .csv, .jsonl or .parquet",
        ("--report", "no/report.html"): "no folder no",
        ("--devices", "2", "--output", "a.csv"): "--devices 2 without parts to write to",
        ("--workers", "-1"): "--workers=-1",
    }.items():
        assert status(["photos", "--model", "nowhere", *wrong]) == 2
        assert f"ConfigError\nfound: {found}" in capsys.readouterr().err


def test_a_file_of_the_users_own_is_not_written_over(photos, model, capsys):  # noqa: F811  (fixtures)
    Path("scores.csv").write_text("image,mos\na.png,3\n")
    assert status(["photos", "--model", str(model), "--output", "scores.csv"]) == 2
    assert "do: choose another --output, or move what is there away" in capsys.readouterr().err
    assert Path("scores.csv").read_text() == "image,mos\na.png,3\n"


def _peak(folder: Path, model: Path, output: str, told) -> None:  # noqa: F811  (fixtures)
    _alone([str(folder), "--model", str(model), "--output", output, "--workers", "1"])
    told.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


@pytest.mark.filterwarnings(FORK)
def test_memory_does_not_grow_with_the_number_of_images(tmp_path, monkeypatch):
    """160 images more than 40: 70 MiB more if their pixels were held."""
    monkeypatch.chdir(tmp_path)
    save_model(saved(short_side=48), Path("model"))
    context, peaks = multiprocessing.get_context("fork"), []
    for count in (40, 200):
        folder, told = many(Path(f"{count}"), count, side=384), context.SimpleQueue()
        process = context.Process(target=_peak, args=(folder, Path("model"), f"{count}.csv", told))
        process.start()
        peaks.append(told.get())
        process.join()
        assert len(rows(f"{count}.csv")) == count
    assert peaks[1] - peaks[0] < 25, peaks
