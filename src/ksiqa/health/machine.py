"""Processors, memory and disk of this machine, and the precision that they train in."""

import os
from collections.abc import Iterator
from pathlib import Path
from shutil import disk_usage

from ksiqa.files import at_home
from ksiqa.health.finding import Finding
from ksiqa.processor import cores

GIB = 2**30
SMALL = 5 * GIB  # of disk: less holds hardly the decoded images of one set, or the checkpoints of a run
DRIVER = Path("/proc/driver/nvidia/version")


def memory_and_disk() -> Iterator[Finding]:
    """Say how much there is, and whether what commands keep can be written."""
    total, free = (os.sysconf("SC_PAGE_SIZE") * os.sysconf(f"SC_{kind}_PAGES") for kind in ("PHYS", "AVPHYS"))
    text = f"{total / GIB:.1f} GiB, {free / GIB:.1f} of them unused; {cores()} CPU cores"
    yield Finding("machine", "memory", "good", text)
    cache = at_home(os.environ.get("KSIQA_CACHE", "~/.cache/ksiqa")).absolute()
    there = next(folder for folder in (cache, *cache.parents) if folder.exists())
    space = disk_usage(there).free
    text = f"{cache}, {space / GIB:.1f} GiB free"
    mend = "export KSIQA_CACHE=FOLDER"
    if not there.is_dir() or not os.access(there, os.W_OK):
        yield Finding("machine", "cache", "broken", f"{text}, not to be written to", mend)
    else:
        yield Finding("machine", "cache", "good" if space > SMALL else "lacking", text, "" if space > SMALL else mend)


def processors() -> Iterator[Finding]:
    """Say what trains: each GPU that torch can use, with its precisions, or the CPU."""
    import torch  # takes seconds

    for place in range(torch.cuda.device_count()):
        one = torch.cuda.get_device_properties(place)
        kinds = [
            "32-true",
            "16-mixed",
            *(["bf16-mixed"] if torch.cuda.is_bf16_supported(including_emulation=False) else []),
        ]
        text = f"{one.name}, {one.total_memory / GIB:.0f} GiB: strategy=gpu; strategy.precision={'|'.join(kinds)}"
        yield Finding("machine", f"gpu {place}", "good", text)
    if torch.cuda.device_count() == 0:
        yield Finding("machine", "gpu", "lacking", *_no_gpu(torch.version.cuda))
    threads = torch.get_num_threads()
    yield Finding("machine", "cpu", "good", f"{threads} threads: strategy=cpu; strategy.precision=32-true|bf16-mixed")


def _no_gpu(cuda: str | None) -> tuple[str, str]:
    if not DRIVER.exists():
        return "none: training takes the CPU (strategy=cpu)", ""
    if cuda is None:
        return "a driver, and a torch without CUDA", "pip install --force-reinstall torch torchvision"
    return f"a driver, and none that torch with CUDA {cuda} can use", "nvidia-smi"
