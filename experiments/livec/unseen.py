"""Pairs of contents that a model has never learned from, and what the model makes of them: what all probes share."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from rich.progress import track
from torch import Tensor

from ksiqa.data.image_file import read_image
from ksiqa.data.synthetic.photographs import photographs_in
from ksiqa.data.synthetic.synthetic_images import SyntheticImages
from ksiqa.errors import ConfigError
from ksiqa.inference.model_folder import TrainedModel
from ksiqa.training.images_seen import SEEN, photograph_seen

SIDE = 224  # a multiple of every backbone's patch


class Row(NamedTuple):
    """A pair: what the table of pairs says of it, and both images as (1, 3, side, side) in [0, 1]."""

    content: str
    family: str  # "pristine" where both images are one
    level: int  # 0 of a pristine one
    pseudo: float
    distorted: Tensor
    reference: Tensor


def probing(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the options that all probes have."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="model/ folder of a run")
    parser.add_argument(
        "--photographs", type=Path, required=True, help="those that the model learned from are left out"
    )
    parser.add_argument("--most", type=int, default=64, help="photographs")
    parser.add_argument("--side", type=int, default=SIDE, help="of the square cut at a photograph's centre")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/ksiqa").expanduser(), help="of measured pairs")
    parser.add_argument(
        "--home", type=Path, default=Path(__file__).resolve().parent, help="where CSV files are written"
    )
    return parser


def parted(trained: TrainedModel, folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the photographs of a folder that a model has not learned from, and those that it has.

    Raises:
        ConfigError: none is left, or it is not known what the model learned from.
    """
    files = photographs_in(folder)
    if SEEN not in trained.training:
        raise ConfigError(
            found="a model that does not say what it learned from",
            expected=f"its config with training.{SEEN}",
            do="train it again by this version",
        )
    seen = [photograph_seen(trained.training, name=file.stem, size=read_image(file).shape[:2]) for file in files]
    unseen = [file for file, known in zip(files, seen, strict=True) if not known]
    if not unseen:
        raise ConfigError(
            found=f"{len(files)} photographs in {folder}, and the model has learned from all of them",
            expected="some that were held out",
            do="name a folder with others",
        )
    return unseen, [file for file, known in zip(files, seen, strict=True) if known]


def pairs_of(
    files: Sequence[Path], *, families: Sequence[str], levels: Sequence[int], cache: Path, side: int
) -> SyntheticImages:
    """Return distorted copies of the centres of photographs, with pseudo-scores; each photograph with itself, too."""
    return SyntheticImages(
        name="folder",
        photographs=files,
        families=families,
        levels=levels,
        size=(side, side),
        pristine=True,
        seed=0,
        cache=cache,
        keep_in_memory=False,
    )


def each(source: SyntheticImages, *, device: str) -> Iterator[Row]:
    """Yield the pairs of a source, content by content."""
    frame = source.table.frame
    for place in track(frame.sort_values("content", kind="stable").index, description="pairs", transient=True):
        one, pair = frame.loc[place], source.load(place)
        assert pair.reference is not None  # synthetic pairs have one
        pristine = one["distortion"] is None
        images = (tensor(image).to(device) for image in (pair.distorted, pair.reference))
        named = ("pristine", 0) if pristine else (str(one["distortion"]), int(one["level"]))
        yield Row(str(one["content"]), *named, float(one["score"]), *images)


def tensor(image: np.ndarray) -> Tensor:
    """Bring an image of bytes into the form of networks."""
    return torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float() / 255


def write(home: Path, name: str, table: pd.DataFrame) -> None:
    """Keep a probe's table and print it."""
    home.mkdir(parents=True, exist_ok=True)
    table.to_csv(home / name, index=False, float_format="%.4f", lineterminator="\n")
    print(f"{name}\n{table.to_string(index=False, float_format=lambda value: f'{value:.4f}')}\n")
