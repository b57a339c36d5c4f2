"""Tiny networks, and tiny tables of real pixels, for tests that need a whole model or a whole run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from ksiqa.data.datamodule import QualityData
from ksiqa.data.datasets.table_file import read_table
from ksiqa.data.image_source import FileImages
from ksiqa.data.split_rules import Split
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.data.views import ScoringViews, TrainingViews
from ksiqa.model import compose

CELL = 16  # of test_vit
LEVELS = 5
BACKBONE = {
    "vit": {"name": "test_vit", "weights": "random", "blocks": [1, 3], "pool": 1, "shrink": 1},
    "cnn": {"name": "test_efficientnet", "weights": "random", "stages": [2, 3], "spread": True},
    "frozen": [],
}
MODEL = {
    "kind": "student",
    "students": 1,
    "width": 32,
    "heads": 4,
    "fusion": "add",
    "imagery": "residual",
    "imagery_depth": 1,
    "imagery_into_features": False,
    "decoder": "aligned",
    "decoder_depth": 1,
    "regressed_share": 0.9,
    "damage": "scores",
    "damage_weight": 0,
    "ordinal": "corn",
    "levels": 8,
    "bins": "uniform",
}


def tiny_model(*, sources: tuple[str, ...] = ("one",), backbone: dict[str, Any] | None = None, **changes: Any) -> Any:
    """Compose ``MODEL`` with some values changed; ``backbone`` changes ``BACKBONE``."""
    return compose(model={**MODEL, **changes}, backbone={**BACKBONE, **(backbone or {})}, sources=sources)


def write_table(folder: Path, *, contents: int, side: int = 64, references: bool = True, first: int = 0) -> Path:
    """Write photographs' crops blurred at five levels as PNG files and a CSV of them on a scale from 1 to 5."""
    photographs = [image for image in demo_photographs().values() if image.std() > 20]
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["image,score" + (",reference" if references else "")]
    for number in range(first, first + contents):
        photograph = photographs[number % len(photographs)]
        rng = np.random.default_rng(number)
        top, left = (int(rng.integers(length - side + 1)) for length in photograph.shape[:2])
        pristine = Image.fromarray(photograph[top : top + side, left : left + side])
        pristine.save(folder / f"{number}.png")
        for level in range(LEVELS):
            pristine.filter(ImageFilter.GaussianBlur(0.8 * level)).save(folder / f"{number}_{level}.png")
            lines.append(f"{number}_{level}.png,{5 - level}" + (f",{number}.png" if references else ""))
    file = folder / "scores.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def table_images(file: Path, *, references: bool = True, name: str = "table") -> FileImages:
    """Open what ``write_table`` wrote, as a source of the given name."""
    table = read_table(
        file=file,
        root=None,
        image="image",
        score="score",
        reference="reference" if references else None,
        content=None,
        low=1,
        high=5,
        higher_is_better=True,
        label="MOS",
    )
    return FileImages(replace(table, facts=replace(table.facts, name=name)), keep=True)


def quality_data(source: Any, *, side: int = 48, **changes: Any) -> QualityData:
    """Split a source by position, three fifths to train on, into a DataModule."""
    rows = len(source.table)
    fifth = rows // 5
    split = Split(
        train=tuple(range(3 * fifth)),
        validation=tuple(range(3 * fifth, 4 * fifth)),
        test=tuple(range(4 * fifth, rows)),
        source="random",
        index=0,
    )
    settings = {
        "split": split,
        "training": TrainingViews(side=side, distinct=None),
        "scoring": ScoringViews(kind="whole", side=side, grid=1, cell=CELL),
        "short_side": None,
        "batch_size": 8,
        "workers": 0,
        "seed": 0,
    }
    return QualityData(source=source, **{**settings, **changes})
