"""The demo's photographs: those that come inside scikit-image's wheel."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

from ksiqa.data.image_file import read_image
from ksiqa.errors import DatasetError

# Left out of the wheel's pictures: graphics, text, the scan of a page, a moving clock, small ones, the right of the two
# motorcycles (one scene), and two whose pristine picture looks blurred or noisy: cell (a hologram) and moon.
DEMO_FILES = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "motorcycle_left.png",
    "retina.jpg",
    "rocket.jpg",
)
DEMO_SIDE = 400  # retina and hubble_deep_field are far larger and are reduced by a whole factor, to this or more


def demo_photographs() -> dict[str, UInt8[ndarray, "_ _ 3"]]:
    """Read the 13 photographs of scikit-image's wheel, straight from its files: nothing is downloaded.

    Sides from 300 to 741 pixels; the greys have three equal channels.

    Raises:
        DatasetError: see ``demo_files``.
    """
    return {file.stem: _reduced(read_image(file)) for file in demo_files()}


def demo_files() -> list[Path]:
    """Return the photographs' files.

    Raises:
        DatasetError: scikit-image is not installed, or a file of it is missing.
    """
    found = find_spec("skimage")
    if found is None or found.origin is None:
        raise DatasetError(
            found="scikit-image is not installed",
            expected="its wheel, which carries the demo's photographs",
            do="pip install 'ksiqa[demo]'",
        )
    folder = Path(found.origin).parent / "data"
    missing = [name for name in DEMO_FILES if not (folder / name).is_file()]
    if missing:
        raise DatasetError(
            found=f"{folder} without {', '.join(missing)}",
            expected="the photographs that scikit-image's wheel carries",
            do="pip install --force-reinstall 'ksiqa[demo]'",
        )
    return [folder / name for name in DEMO_FILES]


def _reduced(image: UInt8[ndarray, "_ _ 3"]) -> UInt8[ndarray, "_ _ 3"]:
    factor = min(image.shape[:2]) // DEMO_SIDE
    return np.array(Image.fromarray(image).reduce(factor)) if factor > 1 else image
