"""Measures what each change gives to the student's training step, all of them in turn in one process.

python experiments/speed/changes.py [--backbone NAME] [--batch 4] [--rounds 5]      # writes changes.csv
"""

import argparse
from pathlib import Path
from statistics import median

import pandas as pd
import torch

from ksiqa.benchmark.own_training import Training, images_of, task_of
from ksiqa.benchmark.setting import BACKBONES, Setting
from ksiqa.benchmark.stints import Contestant, take_turns
from ksiqa.processor import processor
from ksiqa.training.quiet import quiet_lightning

CHANGES = {  # each over the one before: precision, mode, overrides
    "single precision, eager": ("32-true", "eager", ()),
    "channels last": ("32-true", "eager", ("strategy.channels_last=true",)),
    "fused optimiser": ("32-true", "eager", ("strategy.channels_last=true", "strategy.fused=true")),
    "torch.compile": ("32-true", "compile", ("strategy.channels_last=true", "strategy.fused=true")),
    "bf16": ("bf16-mixed", "compile", ("strategy.channels_last=true", "strategy.fused=true")),
    "CUDA graphs": ("bf16-mixed", "graphs", ("strategy.channels_last=true", "strategy.fused=true")),
}
OFF = ("strategy.channels_last=false", "strategy.fused=false")


def main() -> None:
    """Measure, print and keep."""
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default=BACKBONES[kind])
    parser.add_argument("--batch", type=int, default=32 if kind == "cuda" else 4)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    quiet_lightning()
    contestants = [
        contestant(name, *told, options=options, kind=kind)
        for name, told in CHANGES.items()
        if kind == "cuda" or told[1] != "graphs"
    ]
    take_turns(contestants, rounds=options.rounds, seconds=20.0, device=torch.device(kind))
    rows, before = [], None
    for one in contestants:
        ratios = (
            [1.0]
            if before is None
            else [before.seconds[n] / one.seconds[n] for n in before.seconds if n in one.seconds]
        )
        rate = {"change": one.name, "images_per_second": round(one.images_per_second, 2)}
        rows.append({**rate, "gain": median(ratios), "least": min(ratios), "most": max(ratios)})
        before = one
    table = pd.DataFrame(rows).round(3)
    table.insert(0, "device", torch.cuda.get_device_name() if kind == "cuda" else processor())
    table.to_csv(Path(__file__).with_name("changes.csv"), index=False)
    print(table.to_string(index=False))


def contestant(
    name: str, precision: str, mode: str, overrides: tuple[str, ...], *, options: argparse.Namespace, kind: str
) -> Contestant:
    """Return the student's training with some of the changes."""
    setting = Setting(
        device=torch.device(kind),
        backbone=options.backbone,
        training_batches=[options.batch],
        scoring_batches=[1],
        side=224,
        rows=384,
        columns=512,
        precision=precision,
        modes=[mode],
        rounds=options.rounds,
        seconds=20.0,
        overrides=(*OFF, *overrides),
    )
    config, model = setting.model("student")
    stint = Training(config, task_of(config, model, joint=False), mode=mode).stint(
        images_of(setting, options.batch, pairs=False)
    )
    return Contestant(name=name, work="training", mode=mode, batch=options.batch, stint=stint)


if __name__ == "__main__":
    main()
