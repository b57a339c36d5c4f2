"""Frozen models on sets that they were not trained on: that of LIVEC, and that of pairs alone.

    python experiments/livec/other_sets.py --models outputs/livec/RECIPE/0-0/model … --sets tid2013=FOLDER live=FOLDER

Every model is tested on the whole of every set, by `ksiqa evaluate`. Writes other_sets.csv, a row a model and set, as
`ksiqa table` reads it. On LIVEC itself the model of pairs alone counts: it has seen none of its scores.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from variants import make

from ksiqa.inference.found_model import model_folder

HERE = Path(__file__).resolve().parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Test what is missing and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, nargs="+", required=True)
    parser.add_argument("--sets", nargs="+", required=True, metavar="NAME=FOLDER", help="as in data=NAME")
    parser.add_argument("--also", nargs="+", default=[], metavar="OVERRIDE", help="such as strategy=gpu")
    parser.add_argument("--runs", type=Path, default=Path("outputs/livec-other-sets"))
    parser.add_argument("--home", type=Path, default=HERE)
    options = parser.parse_args(arguments)
    for model in options.models:
        for name, _, root in (one.partition("=") for one in options.sets):
            folder = options.runs / "-".join((*model.absolute().parts[-3:-1], name))  # recipe, split and seed, set
            told = [f"checkpoint={model.absolute()}", f"data={name}", f"data.root={root}", "split.source=test_on_all"]
            if not is_done(folder, model):
                shutil.rmtree(folder, ignore_errors=True)
                make.command("evaluate", *told, f"hydra.run.dir={folder}", *options.also)
    kept = options.home / "other_sets.csv"
    make.command("table", options.runs, "--show", "runs", "--format", "csv", "--output", kept)
    sys.stdout.write(kept.read_text())


def is_done(folder: Path, model: Path) -> bool:
    """Tell whether a test's results are there, of the model as it is now: one that was trained anew is tested anew."""
    results = folder / "results.json"
    return results.exists() and results.stat().st_mtime >= (model_folder(model) / "model.safetensors").stat().st_mtime


if __name__ == "__main__":
    main()
