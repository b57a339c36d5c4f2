"""What this machine's processor is called, and how much of it reads images."""

import os
import platform
from pathlib import Path

CPUS = Path("/proc/cpuinfo")
MOST_WORKERS = 4  # processes that read images, where nobody says how many: beyond that, the model is waited for


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def processor() -> str:
    """Return the processor's name; where the system does not tell it, what kind it is, such as ``arm64``."""
    lines = CPUS.read_text().splitlines() if CPUS.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
