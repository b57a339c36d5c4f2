"""A tiny KonIQ-10k: both label files, shares of opinions in one, counts in the other; images in either size."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ksiqa.data.datasets.koniq10k import FACTS, WITH_COUNTS, WITH_SETS
from ksiqa.data.facts import Facts
from tests.fake_iqa.images import degraded, photograph, save, strengths

SETS = ("training", "training", "training", "training", "validation", "test")


def write_koniq10k(
    folder: Path,
    *,
    rows: int = 24,
    sizes: Sequence[str] = ("512x384",),
    label_files: Sequence[str] = (WITH_SETS, WITH_COUNTS),
) -> Facts:
    with_sets = ["image_name,c1,c2,c3,c4,c5,c_total,MOS,SD,set"]
    with_counts = ["image_name,c1,c2,c3,c4,c5,c_total,MOS,SD,MOS_zscore"]
    for number, strength in enumerate(strengths(rows)):
        name = f"{10004473376 + number}.jpg"
        for size in sizes:
            save(degraded(photograph(number), strength, number), folder / size / name)
        opinions = np.full(5, 10)
        opinions[4 - int(5 * strength)] += 50
        mean = opinions @ np.arange(1, 6) / 100
        shares, counts = (",".join(map(str, values)) for values in (opinions / 100, opinions))
        mos = 100 * (1 - strength)
        with_sets.append(f"{name},{shares},100,{mos:.10f},0.527277894494,{SETS[number % len(SETS)]}")
        with_counts.append(f"{name},{counts},100,{mean:.9f},0.527277894,{mos:.8f}")
    for file, lines in ((WITH_SETS, with_sets), (WITH_COUNTS, with_counts)):
        if file in label_files:
            (folder / file).write_text("\n".join(lines) + "\n")
    return replace(FACTS, rows=rows)
