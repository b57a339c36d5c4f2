"""``ksiqa predict --devices 2``: two processes on the CPU."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from ksiqa import predict
from tests.prediction.conftest import many, model, photos  # noqa: F401  (fixtures)
from tests.test_predict import scores, size_of, status, wait_until


@pytest.mark.long  # three processes that import torch and Lightning
def test_two_processes_write_parts_of_their_own_and_go_on(photos, model, monkeypatch):  # noqa: F811  (fixtures)
    expected = {row["image"]: row["score"] for row in predict.predict(["photos"], model=model)}
    command = ["photos", "--model", str(model), "--output", "scores.parquet"]
    assert status(["photos/2.png", *command[1:]]) == 0
    (photos / "broken.png").write_bytes(b"no image")
    run = [sys.executable, "-m", "ksiqa.predict", *command, "--devices", "2", "--workers", "0", "--maps", "maps"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "5 scored, 1 failed (column error; the same command tries them again), 1 were scored before" in done.stdout
    assert done.stderr == ""
    parts = sorted(file.name for file in Path("scores.parquet").glob("part-*"))
    assert parts == ["part-0-000000.parquet", "part-0-000001.parquet", "part-1-000000.parquet"]
    table = pd.read_parquet("scores.parquet")
    assert sorted(table["image"]) == sorted([*expected, "photos/broken.png"])
    found = {row["image"]: row["score"] for row in table.to_dict("records") if not row["error"]}
    assert found == pytest.approx(expected, abs=1e-6)
    assert len(list(Path("maps").rglob("*.png"))) == 5


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("place", ["the first", "another"])
def test_of_several_processes_all_end_where_one_is_ended(model, photos, number, place):  # noqa: F811  (fixtures)
    """What they had scored is kept, but for what SIGKILL leaves no time to write; the same command goes on."""
    listed = many(Path("more"), 3000)
    run = [sys.executable, "-m", "ksiqa.predict", str(listed), "--model", str(model), "--output", "scores.parquet"]
    run += ["--devices", "2", "--workers", "1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(run, env=environment, stderr=subprocess.PIPE, text=True)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_until(lambda: size_of("scores.parquet") > 0)
    ranks = [int(child) for child in children.read_text().split() if "spawn_main" in _command(child)]
    known = len(scores("scores.parquet"))
    os.kill(process.pid if place == "the first" else ranks[-1], number)
    _, said = process.communicate(timeout=120)
    wait_until(lambda: not any(Path(f"/proc/{rank}").exists() for rank in ranks))
    if number == signal.SIGTERM or place == "another":
        assert process.returncode == (143 if place == "the first" else 1), said
        assert "what is scored is kept" in said
    before = scores("scores.parquet")
    assert known < len(before) < 3000  # what was not written yet when the signal came, too
    assert status(run[3:-4]) == 0
    found = scores("scores.parquet")
    assert len(found) == 3000
    assert before.items() <= found.items()


def _command(process: str) -> str:
    return Path(f"/proc/{process}/cmdline").read_text()
