"""Draws where a training step's time goes, by torch's profiler: the student's own time of each operator.

python experiments/speed/profile_step.py [--backbone NAME] [--batch 4]      # writes profile.csv, profile.png
"""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch.profiler import ProfilerActivity, profile

from ksiqa.benchmark.own_training import Training, images_of, task_of
from ksiqa.benchmark.setting import BACKBONES, Setting
from ksiqa.report.style import COLOURS, TEXT, headed, new_figure, save, styled
from ksiqa.training.quiet import quiet_lightning

SHOWN, STEPS = 14, 2


def main() -> None:
    """Profile some steps after one that is not counted."""
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default=BACKBONES[kind])
    parser.add_argument("--batch", type=int, default=32 if kind == "cuda" else 4)
    options = parser.parse_args()
    quiet_lightning()
    precision = "bf16-mixed" if kind == "cuda" else "32-true"
    told: dict[str, Any] = {"device": torch.device(kind), "backbone": options.backbone, "precision": precision}
    sizes: dict[str, Any] = {"training_batches": [options.batch], "scoring_batches": [1], "side": 224}
    setting = Setting(**told, **sizes, rows=384, columns=512, modes=["eager"], rounds=1, seconds=1.0)
    config, model = setting.model("student")
    stint = Training(config, task_of(config, model, joint=False), mode="eager").stint(
        images_of(setting, options.batch, pairs=False)
    )
    stint(1)
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if kind == "cuda" else [])]
    with profile(activities=activities) as seen:
        stint(STEPS)
    key = "self_device_time_total" if kind == "cuda" else "self_cpu_time_total"
    times = {event.key: getattr(event, key) / 1e3 / (STEPS + 1) for event in seen.key_averages()}
    table = pd.DataFrame({"operator": list(times), "milliseconds": list(times.values())})
    table = table[table.milliseconds > 0].sort_values("milliseconds", ascending=False)
    table["share"] = table.milliseconds / table.milliseconds.sum()
    here = Path(__file__).parent
    table.round(4).to_csv(here / "profile.csv", index=False)
    draw(
        table.head(SHOWN), f"student, {options.backbone}, batch {options.batch}, {precision}, {kind}", here / "profile"
    )


def draw(table: pd.DataFrame, title: str, stem: Path) -> None:
    """Draw a bar for each operator."""
    figure = new_figure(8, 1.6 + 0.3 * len(table))
    headed(figure, f"A training step: {title}")
    axes = figure.add_subplot()
    styled(axes, title="", x="own time, ms a step", y="")
    axes.barh(range(len(table)), table.milliseconds, color=COLOURS[0], height=0.7)
    axes.set_yticks(
        range(len(table)),
        [name.removeprefix("aten::").replace("scaled_dot_product_flash_", "") for name in table.operator],
    )
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set_xlim(0, 1.12 * table.milliseconds.max())
    axes.grid(visible=False, axis="y")
    for place, (time, share) in enumerate(zip(table.milliseconds, table.share, strict=True)):
        axes.annotate(f"{share:.0%}", (time, place), (4, 0), textcoords="offset points", va="center", color=TEXT)
    save(figure, stem)


if __name__ == "__main__":
    main()
