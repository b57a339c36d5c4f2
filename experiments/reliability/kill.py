"""Kills trainings at random moments, lets them go on, and compares what they leave with a run that was left alone.

    python experiments/reliability/kill.py [--kills 200] [--seed 0]

Each training (joint, a small network on the demo's photographs, a checkpoint every step) is killed with SIGKILL again
and again, at moments drawn from the whole of its life: while it starts, trains, validates, writes, tests. It is
started anew with +resume (from nothing where it had no config yet) until it ends by itself. Then model, metrics.csv,
predictions.csv and results.json, but for times, must be those of the run left alone, bit for bit. Writes results.csv (a
row a training) beside this file.
"""

import argparse
import csv
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = (
    *("+experiment=demo", "variant=joint", "backbone=tiny", "data.families=[jpeg,gaussian_blur]", "data.levels=[1,5]"),
    *("data.size=[128,128]", "data.crop=64", "data.batch_size=8", "report.ridge=false", "checkpoint.steps=1"),
    *("split.validation_share=0.2", "trainer.max_epochs=12", "trainer.enable_progress_bar=false"),
    *("hydra.mode=RUN", "strategy=cpu"),
)
SAME = ("model/model.safetensors", "model/config.json", "predictions.csv")


def main() -> None:
    """Kill, compare and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    moments = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        command = [sys.executable, "-m", "ksiqa.train", *RUN, f"cache={folder / 'cache'}"]
        subprocess.run([*command, f"hydra.run.dir={folder / 'warm'}"], check=True, stdout=subprocess.DEVNULL)
        started = time.monotonic()
        subprocess.run([*command, f"hydra.run.dir={folder / 'whole'}"], check=True, stdout=subprocess.DEVNULL)
        life = time.monotonic() - started
        print(f"a run left alone takes {life:.1f} s", flush=True)
        rows: list[dict[str, object]] = []
        others = [row for row in known() if row["seed"] != str(options.seed)]
        while sum(int(str(row["kills"])) for row in rows) < options.kills:
            run = folder / f"run{len(rows)}"
            kills = killed(command, run, life=life, moments=moments)
            rows.append(
                {"training": len(rows), "seed": options.seed, "kills": kills, "equal": equal(run, folder / "whole")}
            )
            print(rows[-1], flush=True)
            with (HERE / "results.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows([*others, *rows])
    different = sum(not row["equal"] for row in rows)
    print(f"{sum(int(str(row['kills'])) for row in rows)} kills, {different} of {len(rows)} trainings differ")


def known() -> list[dict[str, str]]:
    """Return the rows of earlier calls."""
    file = HERE / "results.csv"
    return list(csv.DictReader(file.read_text().splitlines())) if file.exists() else []


def killed(command: list[str], run: Path, *, life: float, moments: random.Random) -> int:
    """Kill a training until it ends by itself, and return how often."""
    kills = 0
    while not (run / "results.json").exists():
        resume = [f"+resume={run}"] if (run / "config.yaml").exists() else []
        target = run if not resume else run.with_name(f"{run.name}-again")
        with subprocess.Popen([*command, *resume, f"hydra.run.dir={target}"], stdout=subprocess.DEVNULL) as process:
            try:
                process.wait(moments.uniform(0, 1.2 * life))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                kills += 1
            else:
                if process.returncode:
                    raise SystemExit(f"{run} ended with status {process.returncode}")
    return kills


def equal(one: Path, two: Path) -> bool:
    """Tell whether two runs left the same."""
    results = [json.loads((folder / "results.json").read_text()) for folder in (one, two)]
    apart = {"seconds": None, "repeat": None}
    files = all((one / name).read_bytes() == (two / name).read_bytes() for name in SAME)
    metrics = [untimed(folder / "metrics.csv") for folder in (one, two)]
    return files and metrics[0] == metrics[1] and {**results[0], **apart} == {**results[1], **apart}


def untimed(file: Path) -> list[dict[str, str]]:
    """Read a metrics.csv without the times of its epochs."""
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    return [{name: value for name, value in row.items() if not name.startswith("time/")} for row in rows]


if __name__ == "__main__":
    main()
