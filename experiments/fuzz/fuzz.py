"""Damages image files in thousands of ways and reads them, in processes that may crash, hang or run out of memory.

    python experiments/fuzz/fuzz.py [--cases 70] [--seed 0]

Every case must end as an ImageError or as pixels of the size that ``image_size`` states; all else is a failure and is
named. Each kind of file and of damage has a process of its own, which the kernel ends after HANG seconds in one case
and which may take no more than MEMORY of address space.
"""

import argparse
import json
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from mutations import DAMAGES, FILES, damaged, file_of
from PIL import Image

from ksiqa.data.image_file import image_size, read_image
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.errors import ImageError

HANG, MEMORY, WORKERS = 20.0, 4 * 2**30, 2
SIZE, PLAIN = (160, 120), 20  # the photographs are made as small; of those with less contrast none is taken
GOOD = ("refused", "same pixels", "other pixels")


def main() -> None:
    """Run all kinds and write results.csv."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=70, help="of each kind of file and damage")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)  # kind of file, of damage, first case, folder
    options = parser.parse_args()
    if options.child:
        file, damage, first, folder = options.child
        child(file, damage, range(int(first), options.cases), seed=options.seed, folder=Path(folder))
        return
    kinds = [(file, damage) for file in FILES for damage in DAMAGES]
    with TemporaryDirectory() as folder, ThreadPoolExecutor(WORKERS) as pool:
        write_files(Path(folder))
        one_row = partial(row_of, cases=options.cases, seed=options.seed, folder=folder)
        rows = list(pool.map(one_row, *zip(*kinds, strict=True)))
    table = pd.DataFrame(rows)
    table.to_csv(Path(__file__).with_name("results.csv"), index=False)
    print(f"{table['cases'].sum()} cases, {table['failures'].sum()} failures")


def write_files(folder: Path) -> None:
    """Write the demo's photographs, made smaller, as files of every kind."""
    for file in FILES:
        (folder / file).mkdir()
        for name, pixels in demo_photographs().items():
            if pixels.std() > PLAIN:
                small = np.array(Image.fromarray(pixels).resize(SIZE))
                (folder / file / name).write_bytes(file_of(small, file))


def row_of(file: str, damage: str, *, cases: int, seed: int, folder: str) -> dict[str, object]:
    """Run the cases of one kind, in a new process after each that a case ended; count how they ended."""
    told: list[dict[str, object]] = []
    while len(told) < cases:
        one = ["--child", file, damage, str(len(told)), folder, "--cases", str(cases), "--seed", str(seed)]
        done = subprocess.run([sys.executable, __file__, *one], capture_output=True, text=True, check=False)
        told += [json.loads(line) for line in done.stdout.splitlines()]
        if done.returncode:
            how = signal.Signals(-done.returncode).name if done.returncode < 0 else done.stderr[-1000:]
            told.append(
                {
                    "end": "hang" if how == "SIGALRM" else f"ended by {how}",
                    "seconds": HANG,
                    "memory": 0,
                    "pillow": False,
                }
            )
    for number, case in enumerate(told):
        if case["end"] not in GOOD:
            print(f"{file}, {damage}, case {number}: {case['end']}", flush=True)
    ends = [case["end"] for case in told]
    return {
        "file": file,
        "damage": damage,
        "cases": len(told),
        **{end.replace(" ", "_"): ends.count(end) for end in GOOD},
        "other_by_pillow": sum(bool(case["pillow"]) for case in told),
        "failures": sum(end not in GOOD for end in ends),
        "slowest_s": round(max(float(case["seconds"]) for case in told), 2),
        "memory_mib": max(int(case["memory"]) for case in told) // 2**20,
    }


def child(file: str, damage: str, cases: range, *, seed: int, folder: Path) -> None:
    """Read damaged files; tell, a line a case, how it ended, in what time, and the memory taken until then."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    kind = (list(FILES).index(file), list(DAMAGES).index(damage))
    files = sorted((folder / file).iterdir())
    path = folder / f"{file} {damage}"
    for case in cases:
        whole = files[case % len(files)]
        path.write_bytes(damaged(whole.read_bytes(), damage, np.random.default_rng([seed, *kind, case])))
        sound = read_image(whole)
        signal.setitimer(signal.ITIMER_REAL, HANG)
        started = time.perf_counter()
        end = end_of(path, sound)
        seconds = time.perf_counter() - started
        signal.setitimer(signal.ITIMER_REAL, 0)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        case_told = {"end": end, "seconds": seconds, "memory": memory, "pillow": by_pillow(path, sound)}
        print(json.dumps(case_told), flush=True)


def end_of(path: Path, sound: np.ndarray) -> str:
    """Read a file by both functions and say how it ended."""
    try:
        size = image_size(path)
    except ImageError:
        size = None
    except MemoryError:
        return "out of memory"
    except Exception as error:  # what is looked for: anything but an ImageError
        return f"image_size raised {type(error).__name__}"
    try:
        pixels = read_image(path)
    except ImageError:
        return "refused"
    except MemoryError:
        return "out of memory"
    except Exception as error:  # as above
        return f"read_image raised {type(error).__name__}"
    if (pixels.shape[1], pixels.shape[0]) != size:
        return f"pixels of {pixels.shape[1]}x{pixels.shape[0]} where image_size says {size}"
    return "same pixels" if np.array_equal(pixels, sound) else "other pixels"


def by_pillow(path: Path, sound: np.ndarray) -> bool:
    """Return whether Pillow alone reads other pixels without an error."""
    try:
        with Image.open(path) as image:
            return not np.array_equal(np.array(image.convert("RGB")), sound)
    except Exception:  # Pillow raises many types on broken bytes: each means that it refused
        return False


if __name__ == "__main__":
    main()
