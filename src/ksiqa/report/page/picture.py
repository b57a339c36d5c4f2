"""An image as a page holds it: small, with the few cells of its quality map."""

from base64 import b64encode
from io import BytesIO
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray
from PIL import Image

SIDE = 240  # pixels of a thumbnail's longer side
CELLS = 48  # of a quality map's longer side, at most


def small_picture(pixels: UInt8[ndarray, "height width 3"], *, side: int = SIDE) -> dict[str, Any]:
    """Return an image's ``width`` and ``height``, and its ``thumbnail`` as WebP in base 64."""
    height, width = pixels.shape[:2]
    small = Image.fromarray(pixels)
    small.thumbnail((side, side), reducing_gap=3)
    file = BytesIO()
    small.save(file, "WEBP", quality=70)
    return {"width": width, "height": height, "thumbnail": b64encode(file.getvalue()).decode()}


def few_cells(quality_map: Float32[ndarray, "rows columns"]) -> dict[str, Any]:
    """Return a map's means over at most ``CELLS`` x ``CELLS`` cells, in steps of 1/255."""
    longer = max(quality_map.shape)
    rows, columns = (max(1, round(side * min(1, CELLS / longer))) for side in quality_map.shape)
    means = np.asarray(Image.fromarray(quality_map).resize((columns, rows), Image.Resampling.BOX))
    values = (255 * means).round().clip(0, 255).astype(np.uint8)
    return {"columns": columns, "rows": rows, "values": b64encode(values.tobytes()).decode()}
