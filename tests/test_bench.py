"""The command at miniature size: every contestant that needs no other package, and what it writes."""

import json
import subprocess
import sys

import pytest

from ksiqa import bench
from ksiqa.report.environment import environment
from tests.runs import rows

TINY = [
    *("--device", "cpu", "--backbone", "tiny", "--side", "32", "--image", "48", "64", "--quick"),
    *("--set", "model.width=32", "model.heads=4", "model.imagery_depth=1", "model.decoder_depth=1"),
]
ROW = {
    *("work", "name", "mode", "batch", "images_per_second", "to_trunk", "of_ceiling", "flops_an_image"),
    *("steps_a_stint", "seconds"),
}
KEYS = {
    *("format", "measured", "machine", "setting", "matmul_flops_per_second", "rows"),
    *("version", "commit", "dirty"),
}


def _measured(folder, *flags):
    bench.main([*TINY, "--output", str(folder), *flags])
    return json.loads((folder / "bench.json").read_text())


def test_the_command_writes_figures_and_a_picture(tmp_path, capsys):
    found = _measured(tmp_path / "bench", "--only", "joint", "plain")
    assert set(found) == KEYS
    assert [(row["work"], row["name"], row["mode"], row["batch"]) for row in found["rows"]] == [
        *(("training", name, "eager", 2) for name in ("joint", "plain", "bare trunk")),
        *(("scoring", name, "eager", 1) for name in ("plain", "bare trunk")),
    ]
    for row in found["rows"]:
        assert set(row) == ROW
        assert 1 <= len(row["seconds"]) <= 2
        assert row["images_per_second"] > 0
        assert 0 < row["of_ceiling"] < 1
        assert row["to_trunk"] > 0
    joint, plain, trunk = (row["flops_an_image"] for row in found["rows"][:3])
    assert joint > 2 * plain > 2 * trunk > 0  # both images of a pair, and what a trunk lacks
    assert found["rows"][2]["to_trunk"] == 1
    assert [row["name"] for row in rows(tmp_path / "bench" / "bench.csv")] == [row["name"] for row in found["rows"]]
    assert (tmp_path / "bench" / "bench.png").read_bytes().startswith(b"\x89PNG")
    said = capsys.readouterr().out
    assert "bare trunk" in said
    assert "MiB" not in said  # of a GPU's memory alone
    assert found["machine"]["cpu"] == environment()["processor"]


@pytest.mark.long  # compiles, exports, and starts seven commands
def test_all_that_is_measured_on_a_cpu(tmp_path):
    """By a process: what is exported is traced, and the annotations that tests execute know no traced numbers."""
    flags = ["--mode", "eager", "compile", "--startup", "--output", tmp_path / "bench"]
    subprocess.run([sys.executable, "-m", "ksiqa.bench", *TINY, *flags], check=True, capture_output=True)
    found = json.loads((tmp_path / "bench" / "bench.json").read_text())
    modes = {(row["work"], row["name"], row["mode"]) for row in found["rows"]}
    assert {(work, "student", mode) for work in ("training", "scoring") for mode in ("eager", "compile")} <= modes
    assert {
        ("scoring", "student", "onnx"),
        ("scoring", "teacher", "compile"),
        ("training", "joint", "compile"),
    } <= modes
    assert all(row["median"] > 0 for row in found["startup"])
    assert "ksiqa predict IMAGE" in [row["command"] for row in found["startup"]]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (
            ["--only", "studnet"],
            "found: --only=studnet\nexpected: one of HyperIQA, MANIQA, TOPIQ-NR, TReS, joint",
        ),
        (["--backbone", "vit"], "found: --backbone=vit\nexpected: one of "),
        (["--side", "0"], "--side"),
        (["--training-batch", "4", "0"], "--training-batch"),
        (["--device", "cuda"], "found: --device cuda on a machine without a GPU that torch can use\n"),
    ],
)
def test_values_without_meaning_are_refused(flags, told, capsys, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit) as exit_:
        bench.main(flags)
    assert exit_.value.code == 2
    assert told in capsys.readouterr().err
