"""A tiny LIVE: the pair of .mat files, five folders whose files are only counted, originals among them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.io import loadmat, savemat

from ksiqa.data.datasets.live import FACTS
from ksiqa.data.facts import Facts
from tests.fake_iqa.images import degraded, photograph, save

NAMES = ("bikes", "buildings", "caps", "womanhat", "rapids")


def write_live(folder: Path, *, counts: Mapping[str, int] | None = None, images: int | None = None) -> Facts:
    """Write it; ``counts`` rows a folder (the release's for a whole label file), ``images`` of them as files."""
    counts = dict.fromkeys([kind for kind, _ in FACTS.folders], 11) if counts is None else counts
    names, dmos, originals = [], [], []
    for place, name in enumerate(NAMES):
        save(photograph(place), folder / "refimgs" / f"{name}.bmp")
    for kind, rows in counts.items():
        for number in range(1, rows + 1):
            place, original = number % len(NAMES), number == 3
            strength = 0.0 if original else 0.1 + 0.8 * number / rows
            names.append(f"{NAMES[place]}.bmp")
            dmos.append(100 * strength)
            originals.append(original)
            if images is None or number <= images:
                save(degraded(photograph(place), strength, number), folder / kind / f"img{number}.bmp")
    cells = np.empty((1, len(names)), dtype=object)
    cells[0] = names
    savemat(folder / "refnames_all.mat", {"refnames_all": cells})
    labels = {"dmos_new": [dmos], "dmos_std": [np.full(len(dmos), 1.5)], "orgs": [np.array(originals, dtype=np.uint8)]}
    savemat(folder / "dmos_realigned.mat", {name: np.array(values) for name, values in labels.items()})
    rows = len(names) - sum(originals)
    return replace(FACTS, rows=rows, references=len(NAMES), folders=tuple(counts.items()))


def write_live_labels(folder: Path):
    """LIVE's images are only counted by their folders: the whole label file, and a few images with fewer originals."""
    write_live(folder, counts=dict(FACTS.folders), images=11)
    labels = {name: value for name, value in loadmat(folder / "dmos_realigned.mat").items() if name[0] != "_"}
    labels["orgs"][0, -170:] = 1
    labels["orgs"][0, 20:200] = 1
    labels["dmos_new"][labels["orgs"] == 1] = 0
    savemat(folder / "dmos_realigned.mat", labels)
