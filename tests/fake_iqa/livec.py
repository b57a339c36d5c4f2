"""A tiny LIVEC: .mat files that begin with seven practice images, .bmp and .JPG, gaps in the numbering."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.io import savemat

from ksiqa.data.datasets.livec import FACTS
from ksiqa.data.facts import Facts
from tests.fake_iqa.images import degraded, photograph, save, strengths


def write_livec(folder: Path, *, rows: int = 24) -> Facts:
    practice = [f"t{number}.bmp" for number in range(1, 8)]
    names = practice + [f"{100 + 2 * row}.{'bmp' if row < rows // 2 else 'JPG'}" for row in range(rows)]
    scattered = [0.5] * len(practice) + strengths(rows)
    for number, (name, strength) in enumerate(zip(names, scattered, strict=True)):
        place = "Images/trainingImages" if name in practice else "Images"
        save(degraded(photograph(number), strength, number), folder / place / name)
    cells = np.empty((len(names), 1), dtype=object)
    cells[:, 0] = names
    (folder / "Data").mkdir()
    savemat(folder / "Data/AllImages_release.mat", {"AllImages_release": cells})
    savemat(folder / "Data/AllMOS_release.mat", {"AllMOS_release": [[100 * (1 - share) for share in scattered]]})
    savemat(folder / "Data/AllStdDev_release.mat", {"AllStdDev_release": np.full((1, len(names)), 18.4)})
    return replace(FACTS, rows=rows)
