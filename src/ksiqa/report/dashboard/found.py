"""The pixels behind a row of predictions.csv: its file, where it was or below the data's root, or a pair made anew.

Relative paths of a run start in the directory that its command was given in, which results.json names."""

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
        return _pair(data, image, start=_start(run))
    file = file_of(data, image, start=_start(run))
    return None if file is None else read_image(file)


def file_of(data: dict[str, Any], image: str, *, start: Path) -> Path | None:
    """Return an image's file: as it was called at the test, else by the end of its path below ``root`` or beside
    ``file`` of the config's data, for runs and data that were moved.

    Args:
        data: of the run's config.
        image: as predictions.csv calls it.
        start: where relative paths start; a relative one where that is not known.
    """
    path, called = PurePosixPath(image), start / image
    if called.is_absolute() and called.is_file():
        return called
    if ".." in path.parts:
        return None
    parts = path.parts[1:] if path.is_absolute() else path.parts
    roots = [base / root for root in _roots(data) for base in dict.fromkeys((start, Path()))]  # moved with its data
    ends = [Path(root, *parts[at:]) for root in roots for at in range(len(parts))]
    return next((end for end in ends if end.is_file()), None)


def name_of(run: Run, image: str) -> str:
    """Return how a page calls an image: by its path below the data's root, which tells nothing of the machine; by its
    file's name where it is not below one."""
    path = PurePosixPath(image)
    for root in _roots(_data(run.folder)):
        if path.is_relative_to(root) and root != root.parent and ".." not in path.parts:
            return str(path.relative_to(root))
    return path.name if path.is_absolute() or ".." in path.parts else image


def _start(run: Run) -> Path:
    """Return the directory in which a run's command was given; a relative path where that is not known."""
    return Path(str(run.results.get("directory") or ""))


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


def _pair(data: dict[str, Any], image: str, *, start: Path) -> UInt8[ndarray, "height width 3"] | None:
    """Make the distorted image of a name such as ``coffee__jpeg__3`` again: the same bytes as in training."""
    content, family, level = image.rsplit("__", 2)
    root = None if data.get("root") is None else at_home(str(data["root"]))
    if root is not None and (start / root).is_dir():  # else the run was moved, with its photographs
        root = start / root
    photographs = _photographs(root, None if data.get("size") is None else (*data["size"],))
    if content not in photographs.references:
        return None
    pristine = photographs[content]
    if family == "pristine":
        return pristine
    return distort(pristine, family=family, level=int(level), seed=stable_seed(data["distortion_seed"], content))


@lru_cache(maxsize=4)
def _photographs(root: Path | None, size: tuple[int, int] | None) -> Photographs:
    given = demo_photographs() if root is None else photographs_in(root)
    return Photographs(given, size=size, keep_in_memory=True)
