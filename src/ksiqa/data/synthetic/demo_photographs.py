"""The demo's photographs: those that come inside the wheels of scikit-image and Matplotlib."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

from ksiqa.data.image_file import read_image
from ksiqa.errors import DatasetError

# Left out of scikit-image's pictures: graphics, text, the scan of a page, a moving clock, small ones, the right of the
# two motorcycles (one scene), and two whose pristine picture looks blurred or noisy: cell (a hologram) and moon.
COLOUR = (
    *("skimage/data/astronaut.png", "skimage/data/chelsea.png", "skimage/data/coffee.png"),
    *("skimage/data/hubble_deep_field.jpg", "skimage/data/ihc.png", "skimage/data/motorcycle_left.png"),
    *("skimage/data/retina.jpg", "skimage/data/rocket.jpg", "matplotlib/mpl-data/sample_data/grace_hopper.jpg"),
)
GREY = tuple(f"skimage/data/{name}.png" for name in ("brick", "camera", "coins", "grass", "gravel"))
DEMO_FILES = (*COLOUR, *GREY)
DEMO_SIDE = 400  # retina and hubble_deep_field are far larger and are reduced by a whole factor, to this or more
PACKAGES = {"skimage": "scikit-image", "matplotlib": "matplotlib"}


def demo_photographs() -> dict[str, UInt8[ndarray, "_ _ 3"]]:
    """Read nine colour photographs and five greys, straight from the wheels' files: nothing is downloaded.

    Sides from 300 to 741 pixels; the greys have three equal channels.

    Raises:
        DatasetError: a package is not installed, or a file of it is missing.
    """
    by_name = {Path(file).stem: file for file in DEMO_FILES}
    return {name: _reduced(read_image(_found(by_name[name]))) for name in sorted(by_name)}


def _found(name: str) -> Path:
    package, _, rest = name.partition("/")
    found = find_spec(package)
    if found is None or found.origin is None:
        raise DatasetError(
            found=f"{PACKAGES[package]} is not installed",
            expected="its wheel, which carries photographs of the demo",
            do="pip install 'ksiqa[demo]'",
        )
    file = Path(found.origin).parent / rest
    if not file.is_file():
        raise DatasetError(
            found=f"{file.parent} without {file.name}",
            expected=f"the photographs that the wheel of {PACKAGES[package]} carries",
            do="pip install --force-reinstall 'ksiqa[demo]'",
        )
    return file


def _reduced(image: UInt8[ndarray, "_ _ 3"]) -> UInt8[ndarray, "_ _ 3"]:
    factor = min(image.shape[:2]) // DEMO_SIDE
    return np.array(Image.fromarray(image).reduce(factor)) if factor > 1 else image
