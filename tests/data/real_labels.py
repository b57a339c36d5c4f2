"""The original label files laid out as released, with empty files in the place of images."""

import shutil
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from ksiqa.data.datasets import live


def place(files: list[Path]) -> None:
    for folder in {file.parent for file in files}:
        folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        file.touch()


def names_in(label_file: Path, column: int, separator: str | None) -> list[str]:
    return [line.split(separator)[column] for line in label_file.read_text().splitlines()]


def lay_out(name: str, shared: Path, root: Path) -> Path:
    """Lay the labels of a set out under ``root`` and return the folder to read."""
    folder = root / name
    _LAYOUTS[name](shared / "datasets/labels" / name, folder)
    return folder


def _live(labels: Path, folder: Path) -> None:
    kinds = dict(live.FACTS.folders)
    names = loadmat(labels / "refnames_all.mat")["refnames_all"].ravel()
    place([folder / kind / f"img{number}.bmp" for kind in kinds for number in range(1, kinds[kind] + 1)])
    place([folder / "refimgs" / str(np.ravel(name)[0]) for name in names])
    for file in ("dmos_realigned.mat", "refnames_all.mat"):
        shutil.copy(labels / file, folder)


def _csiq(labels: Path, folder: Path) -> None:
    names = names_in(labels / "csiq_label.txt", 0, None)
    place([folder / "dst_imgs" / name.split(".")[1].lower() / name for name in names])
    place([folder / "src_imgs" / f"{name.split('.')[0]}.png" for name in names])
    shutil.copy(labels / "csiq.beta.xlsx", folder)
    shutil.copy(labels / "csiq_label.txt", folder)


def _tid2013(labels: Path, folder: Path) -> None:
    names = names_in(labels / "mos_with_names.txt", 1, None)
    place([folder / "distorted_images" / name for name in names])
    place([folder / "reference_images" / f"I{number:02}.BMP" for number in range(1, 26)])
    for file in ("mos_with_names.txt", "mos_std.txt"):
        shutil.copy(labels / file, folder)


def _kadid10k(labels: Path, folder: Path) -> None:
    lines = [line.split(",") for line in (labels / "dmos.csv").read_text().splitlines()[1:]]
    place([folder / "images" / name for line in lines for name in line[:2]])
    shutil.copy(labels / "dmos.csv", folder)


def _koniq10k(labels: Path, folder: Path) -> None:
    names = names_in(labels / "koniq10k_distributions_sets.csv", 0, ",")[1:]
    place([folder / "512x384" / name for name in names])
    for file in labels.glob("*.csv"):
        shutil.copy(file, folder)


def _spaq(labels: Path, folder: Path) -> None:
    place([folder / "TestImage" / f"{number:05}.jpg" for number in range(1, 11126)])
    (folder / "Annotations").mkdir()
    shutil.copy(labels / "MOS and Image attribute scores.xlsx", folder / "Annotations")


def _livec(labels: Path, folder: Path) -> None:
    source = labels.parents[1] / "livec"
    shutil.copytree(source / "Data", folder / "Data")
    packed = [path for path in (source / "images").iterdir() if path.is_file()]
    place([folder / "Images" / path.name.removesuffix(".jpg") for path in packed])


_LAYOUTS = {
    "live": _live,
    "csiq": _csiq,
    "tid2013": _tid2013,
    "kadid10k": _kadid10k,
    "koniq10k": _koniq10k,
    "spaq": _spaq,
    "livec": _livec,
}
