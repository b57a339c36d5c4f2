"""The pixels behind a row of predictions.csv: its file, where it was or below the data's root, or a pair made anew."""

from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from jaxtyping import UInt8
from numpy import ndarray

from ksiqa.data.image_file import read_image
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.data.synthetic.families import distort, stable_seed
from ksiqa.data.synthetic.photographs import Photographs, photographs_in
from ksiqa.files import at_home
from ksiqa.report.table.run import Run

PAIRS = "ksiqa.data.source.synthetic"  # source of a config whose images are no files


def pixels_of(run: Run, image: str) -> UInt8[ndarray, "height width 3"] | None:
    """Return an image's pixels; None where they are not to be found.

    Raises:
        KsiqaError: what was found cannot be read.
    """
    data = _data(run.folder)
    if data.get("source", {}).get("_target_") == PAIRS:
        return _pair(data, image)
    file = file_of(data, image)
    return None if file is None else read_image(file)


def file_of(data: dict[str, Any], image: str) -> Path | None:
    """Return an image's file: as it was called at the test, else by the end of its path below ``root`` or beside
    ``file`` of the config's data, for runs and data that were moved."""
    path = PurePosixPath(image)
    if path.is_absolute() and Path(path).is_file():
        return Path(path)
    if ".." in path.parts:
        return None
    parts = path.parts[1:] if path.is_absolute() else path.parts
    ends = [Path(root, *parts[start:]) for root in _roots(data) for start in range(len(parts))]
    return next((end for end in ends if end.is_file()), None)


def name_of(run: Run, image: str) -> str:
    """Return how a page calls an image: by its path below the data's root, which tells nothing of the machine; by its
    file's name where it is not below one."""
    path = PurePosixPath(image)
    for root in _roots(_data(run.folder)):
        if path.is_relative_to(root) and root != root.parent and ".." not in path.parts:
            return str(path.relative_to(root))
    return path.name if path.is_absolute() or ".." in path.parts else image


def _roots(data: dict[str, Any]) -> list[Path]:
    roots = [at_home(str(data["root"]))] if data.get("root") else []
    return roots + ([at_home(str(data["file"])).parent] if data.get("file") else [])


@lru_cache(maxsize=64)
def _data(folder: Path | None) -> dict[str, Any]:
    file = None if folder is None else folder / "config.yaml"
    if file is None or not file.is_file():
        return {}
    config = yaml.safe_load(file.read_text())
    found = config.get("data") if isinstance(config, dict) else None
    return found if isinstance(found, dict) else {}


def _pair(data: dict[str, Any], image: str) -> UInt8[ndarray, "height width 3"] | None:
    """Make the distorted image of a name such as ``coffee__jpeg__3`` again: the same bytes as in training."""
    content, family, level = image.rsplit("__", 2)
    photographs = _photographs(data.get("root"), None if data.get("size") is None else (*data["size"],))
    if content not in photographs.references:
        return None
    pristine = photographs[content]
    if family == "pristine":
        return pristine
    return distort(pristine, family=family, level=int(level), seed=stable_seed(data["distortion_seed"], content))


@lru_cache(maxsize=4)
def _photographs(root: str | None, size: tuple[int, int] | None) -> Photographs:
    given = demo_photographs() if root is None else photographs_in(Path(root).expanduser())
    return Photographs(given, size=size, keep_in_memory=True)
