"""Sets on disk, looked over as ``ksiqa prepare`` does."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ksiqa.data.image_cache import cache_folder
from ksiqa.data.image_index import ImageIndex
from ksiqa.data.look import look_over

GIB = 2**30


def write_photographs(folder: Path, *, count: int, size: tuple[int, int] = (96, 64)) -> list[str]:
    """Write JPEG files of smooth colours, no two alike; return their names."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number:03}.jpg" for number in range(count)]
    for number, file in enumerate(files):
        colours = np.random.default_rng([3, number]).integers(0, 256, (9, 12, 3), dtype=np.uint8)
        Image.fromarray(colours).resize(size, Image.Resampling.BICUBIC).save(file, quality=90)
    return [str(file) for file in files]


def looked_over(files: list[str], cache: Path, *, name: str = "table", **changes: Any) -> tuple[ImageIndex, Any, Any]:
    """Look files over; return the index, what is known and what is broken."""
    settings = {"short_side": None, "limit": GIB, "workers": 2, "description": "reading", **changes}
    index = ImageIndex(cache_folder(files, name=name, short_side=settings["short_side"], cache=cache))
    return index, *look_over(files, index=index, **settings)
