"""How long commands take that do next to nothing: what they import, and for one image the model."""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

IMAGE = "image.png"
COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "import ksiqa": ("-c", "import ksiqa"),
    "import torch": ("-c", "import torch"),
    "ksiqa --help": ("-m", "ksiqa.cli", "--help"),
    "ksiqa train --help": ("-m", "ksiqa.train", "--help"),
    "ksiqa predict --help": ("-m", "ksiqa.predict", "--help"),
    "ksiqa predict IMAGE": ("-m", "ksiqa.predict", IMAGE),
}


def startups(*, rounds: int, rows: int, columns: int) -> list[dict[str, Any]]:
    """Return the seconds of each command, the commands in turn, after a first round that is not counted (it reads what
    later ones find in memory).

    Args:
        rounds: that are counted.
        rows: of the image.
        columns: of the image.
    """
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with TemporaryDirectory() as folder:
        noise = np.random.default_rng(0).integers(256, size=(rows, columns, 3), dtype=np.uint8)
        Image.fromarray(noise).save(Path(folder) / IMAGE)
        for number in range(rounds + 1):
            for name, words in COMMANDS.items():
                started = time.perf_counter()
                subprocess.run([sys.executable, *words], cwd=folder, env=os.environ, capture_output=True, check=True)
                if number:
                    seconds[name].append(time.perf_counter() - started)
    return [{"command": name, "median": median(taken), "seconds": taken} for name, taken in seconds.items()]
