"""Quality maps of scored photographs, as PNG files."""

from hashlib import sha256
from pathlib import PurePath

import numpy as np

from ksiqa.data.transform import shrunk_size
from ksiqa.files import write_whole
from ksiqa.inference.model_folder import TrainedModel
from ksiqa.prediction.work import Scored, Scoring
from ksiqa.report.quality_map import overlay

LONGEST, KEPT = 255, 200  # bytes of a name that file systems allow; of one that has more so many are kept


def write_map(one: Scored, scoring: Scoring) -> None:
    """Write the picture of a scored image where one is asked for; its place in the folder is the image's own.

    Raises:
        StorageError: it cannot be written there.
    """
    folder = scoring.work.maps
    if folder is None or one.pixels is None or one.quality_map is None:
        return
    file = folder / map_name(one.row["image"])
    file.parent.mkdir(parents=True, exist_ok=True)
    box = shown_part(one.pixels.shape[:2], scoring.scorer.trained, scale=one.row["scale"])
    with write_whole(file, "wb") as opened:
        overlay(one.pixels, one.quality_map, box=box, score=one.row["score"]).save(opened, "PNG")


def map_name(image: str) -> PurePath:
    """Return the path of an image's map: never the same for two, and never outside a folder.

    ``a/b.jpg`` gives ``a/b.jpg.png``, ``/a/b.jpg`` gives ``%root/a/b.jpg.png``, ``../b.jpg`` gives ``%up/b.jpg.png``. A
    name that would be too long for a file system keeps its beginning, and has a digest for the rest.
    """
    named = {"/": "%root", "//": "%root", "..": "%up"}
    parts = [named.get(part, f"%{part}" if part.startswith("%") else part) for part in PurePath(image).parts]
    last = f"{parts[-1]}.png"
    if len(last.encode()) > LONGEST:
        whole = last.encode()
        last = f"%{whole[:KEPT].decode(errors='ignore')}.{sha256(whole).hexdigest()[:16]}.png"
    return PurePath(*parts[:-1], last)


def shown_part(size: tuple[int, int], trained: TrainedModel, *, scale: str) -> tuple[float, float, float, float]:
    """Return which part of an image of (height, width) a map covers, as shares: left, top, right, bottom."""
    height, width = shrunk_size(size, short_side=trained.short_side_of(scale))
    (crop,) = trained.views.crops((height, width), np.random.default_rng(0))
    return crop.left / width, crop.top / height, (crop.left + crop.width) / width, (crop.top + crop.height) / height
