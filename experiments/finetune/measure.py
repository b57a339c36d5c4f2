"""Does a trained model help where there are 100 scores? Going on from one beside training from scratch, paired.

    python experiments/finetune/measure.py --livec ChallengeDB_release --photographs FOLDER --vit FILE --cnn FILE

LIVEC is parted once, by chance: other photographs (half of it), 120 to test on, and the rest, from which each draw
takes 100 to train on. Two models are trained first: `pairs`, on distorted copies of the photographs with pseudo-scores,
has seen no opinion; `half` learned from the other half of LIVEC. Each draw then trains on its 100 from scratch (by the
recipe of experiments/shipped without pairs, forty epochs) and from either (by +experiment=finetune); frozen backbones,
views and heads are the same. What is done already is not done again. Writes results.csv (a row a run) and
differences.csv (mean paired difference in SRCC, 95% interval of an image-level bootstrap) beside this
file.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from ksiqa.data.datasets import DATASETS
from ksiqa.metric.comparison import Part, paired_bootstrap
from ksiqa.table import main as make_table

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "shipped"))
import make  # noqa: E402  (of experiments/shipped, whose recipe this is)

TESTED, SCORED = 120, 100
STARTS = ("pairs", "half")
FROM_SCRATCH = ["trainer.max_epochs=40", "task.optimiser.head_lr=1e-3", "task.standardise=true"]
VIEWS = ["data.short_side=500", "data.crop=476", "data.distinct_crops=1", "data.token_stride=2"]


def main() -> None:
    """Run what is missing and write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("livec", "photographs", "vit", "cnn"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--starts", nargs="+", choices=STARTS, default=list(STARTS))
    parser.add_argument("--runs", type=Path, default=Path("outputs/finetune"))
    options = parser.parse_args()
    runs = options.runs
    weights = [f"backbone.vit.weights={options.vit}", f"backbone.cnn.weights={options.cnn}"]
    livec = ["+experiment=livec", f"data.root={options.livec}", *VIEWS, "split.source=files"]
    pairs = ["data=folder", "sharing=joint", f"data.root={make.chosen(options.photographs, runs / 'photographs')}"]
    half, draws = parted(options.livec, runs / "splits", draws=options.draws)
    heads = ["task.optimiser.head_lr=1e-3", "task.standardise=true", *make.SMALL, *weights]
    on_pairs = [*make.of("data", make.PAIRS), "split.test_share=0.1", "trainer.max_epochs=3"]
    all_photographs = ["data.by_content=false", "data.batch_size=16"]
    first = {
        "pairs": [*pairs, *on_pairs, *all_photographs],
        "half": [*livec, f"split.folder={half}", "trainer.max_epochs=14"],
    }
    for start in options.starts:
        make.train(runs / start, f"name={start}", *first[start], *heads)
    for number, split in enumerate(draws):
        again = [f"data.root={options.livec}", *VIEWS, "split.source=files", f"split.folder={split}"]
        scratch = [*livec, f"split.folder={split}", "data.batch_size=16", *make.SMALL, *weights, *FROM_SCRATCH]
        make.train(runs / "scratch" / str(number), "name=scratch", *scratch)
        for start in options.starts:
            going_on = ["+experiment=finetune", "data=livec", f"init={runs / start / 'model'}", *again]
            make.train(runs / f"from-{start}" / str(number), f"name=from-{start}", *going_on)
    folders = [str(runs / name) for name in ("scratch", *(f"from-{start}" for start in options.starts))]
    make_table([*folders, "--show", "runs", "--format", "csv", "--output", str(HERE / "results.csv")])
    differences(runs, options.starts, draws=options.draws).to_csv(
        HERE / "differences.csv", index=False, lineterminator="\n"
    )
    print((HERE / "differences.csv").read_text())


def parted(livec: Path, folder: Path, *, draws: int) -> tuple[Path, list[Path]]:
    """Write the splits: that of `half`, and one a draw; all test on the same photographs."""
    names = np.array([Path(name).name for name in DATASETS["livec"].read(livec, allow_missing=False).frame["image"]])
    order = np.random.default_rng(0).permutation(names)
    other, tested, pool = np.split(order, [len(order) // 2, len(order) // 2 + TESTED])
    taken = [np.random.default_rng([1, number]).permutation(pool)[:SCORED] for number in range(draws)]
    found = []
    for name, train in zip(["half", *map(str, range(draws))], [other, *taken], strict=True):
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        parts = {"train": train, "test": tested, "unused": np.setdiff1d(names, [*train, *tested])}
        for part, images in parts.items():
            (place / f"{part}.txt").write_text("\n".join(sorted(images)) + "\n")
        found.append(place)
    return found[0], found[1:]


def differences(runs: Path, starts: list[str], *, draws: int) -> pd.DataFrame:
    """Return the mean paired difference to `scratch` of each start, with its interval."""
    rows = []
    for start in starts:
        parts = [part(runs, f"from-{start}", number) for number in range(draws)]
        rows.append(
            {"first": f"from-{start}", "second": "scratch", **paired_bootstrap(parts, draws=2000, seed=0)._asdict()}
        )
    return pd.DataFrame(rows).round(4)


def part(runs: Path, start: str, number: int) -> Part:
    """Return the test part of a draw, scored by a start and from scratch."""
    tables = [pd.read_csv(runs / name / str(number) / "predictions.csv") for name in (start, "scratch")]
    assert tables[0]["image"].equals(tables[1]["image"])
    first, second = (table["score"].to_numpy()[None] for table in tables)
    return Part(tables[0]["label"].to_numpy(), first, second, np.arange(len(tables[0])))


if __name__ == "__main__":
    main()
