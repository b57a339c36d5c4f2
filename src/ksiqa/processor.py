"""What this machine's processor is called."""

import platform
from pathlib import Path

CPUS = Path("/proc/cpuinfo")


def processor() -> str:
    """Return the processor's name; where the system does not tell it, what kind it is, such as ``arm64``."""
    lines = CPUS.read_text().splitlines() if CPUS.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
