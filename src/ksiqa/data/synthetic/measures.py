"""Full-reference measures of a pair, by piq, and a file that keeps them."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd
import PIL
import piq
import torch
from jaxtyping import Float, UInt8
from numpy import ndarray
from torch import Tensor

from ksiqa.errors import DatasetError
from ksiqa.files import one_at_a_time, write_whole

# Those that need no downloaded weights and together cost about 30 ms an image of 384 x 384 on a core (FSIM
# and VIF cost 50 and 60 more). VSI and MDSI are yardsticks of the results and must not shape the labels.
RANKED = {"ssim": True, "gmsd": False, "haarpsi": True}  # whether higher is better
COLUMNS = ("mse", *RANKED)
SAME = {"mse": 0.0, "ssim": 1.0, "gmsd": 0.0, "haarpsi": 1.0}  # of an image with itself
AT_ONCE = 1000  # pairs between two writes of what is kept: about half a minute's work
_RENDERING = f"2|Pillow {PIL.__version__}|piq {piq.__version__}"  # raise the number when a family's pixels change


def measures(
    reference: UInt8[ndarray, "height width 3"], distorted: UInt8[ndarray, "height width 3"]
) -> dict[str, float]:
    """Measure a pair of sides from 64 pixels: mean squared error on [0, 1], SSIM of luma, GMSD, HaarPSI."""
    if np.array_equal(reference, distorted):
        return dict(SAME)
    x, y = _tensor(distorted), _tensor(reference)
    with torch.inference_mode():
        return {
            "mse": float(torch.mean((x - y) ** 2)),
            "ssim": float(piq.ssim(_luma(x), _luma(y))),
            "gmsd": float(piq.gmsd(x, y)),
            "haarpsi": float(piq.haarpsi(x, y)),
        }


def pixel_digest(photograph: UInt8[ndarray, "height width 3"]) -> str:
    """Name a photograph by its pixels."""
    pixels = np.ascontiguousarray(photograph).tobytes()
    return blake2b(f"{photograph.shape}".encode() + pixels, digest_size=16).hexdigest()


def measure_key(photograph: str, family: str, level: int, seed: int) -> str:
    """Name a rendered pair by the photograph's ``pixel_digest``, family, level, seed and the code's version."""
    text = f"{photograph}|{family}|{level}|{seed}|{_RENDERING}"
    return blake2b(text.encode(), digest_size=16).hexdigest()


def kept_measures(
    keys: Sequence[str], compute: Callable[[int], dict[str, float]], *, cache: Path | None
) -> pd.DataFrame:
    """Return each key's measures, from ``cache``/measures.csv where it has them, else by ``compute(index)``.

    The file is written anew as a whole after every ``AT_ONCE`` pairs; an interrupted run loses those since the last.

    Returns:
        One row a key, columns ``COLUMNS``.

    Raises:
        DatasetError: the file is not one that this function wrote.
    """
    file = None if cache is None else cache / "measures.csv"
    known = _read(file)
    wanted = [(index, key) for index, key in enumerate(keys) if key not in known]
    for at in range(0, len(wanted), AT_ONCE):
        known |= {key: compute(index) for index, key in wanted[at : at + AT_ONCE]}
        if file is not None:
            with one_at_a_time(file):
                _write(file, {**_read(file), **known})  # of other processes, too
    return pd.DataFrame([known[key] for key in keys], columns=list(COLUMNS), dtype=np.float64)


def _read(file: Path | None) -> dict[str, dict[str, float]]:
    if file is None or not file.exists():
        return {}
    try:
        text = pd.read_csv(file, index_col="key", dtype=str, keep_default_na=False)
        frame = text[list(COLUMNS)].map(float)  # exact to the last bit, as pandas' own parser need not be
        sound = bool(np.isfinite(frame.to_numpy()).all()) and frame.index.is_unique
    except (ValueError, KeyError):
        sound = False
    if not sound:
        raise DatasetError(
            found=f"{file} is damaged or of another make",
            expected=f"a CSV with the columns key, {', '.join(COLUMNS)}",
            do="delete it; it is made again",
        )
    return {
        str(key): dict(zip(COLUMNS, row, strict=True)) for key, row in zip(frame.index, frame.to_numpy(), strict=True)
    }


def _write(file: Path, known: dict[str, dict[str, float]]) -> None:
    with write_whole(file) as whole:
        pd.DataFrame.from_dict(known, orient="index", columns=list(COLUMNS)).to_csv(whole, index_label="key")


def _tensor(image: UInt8[ndarray, "height width 3"]) -> Float[Tensor, "1 3 height width"]:
    return torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float() / 255


def _luma(image: Float[Tensor, "1 3 height width"]) -> Float[Tensor, "1 1 height width"]:
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)  # ITU-R BT.601, as SSIM was published
    return (image * weights).sum(dim=1, keepdim=True)
