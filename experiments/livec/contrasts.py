"""What the kept rows say: paired differences between variants, and the share of the teacher's lead that sharing wins.

    python experiments/livec/contrasts.py --livec ChallengeDB_release [--draws 10000]

Reads results.csv and predictions/ beside this file, and labels from LIVEC: no run is needed. Writes contrasts.csv (a
row a contrast and part: mean paired difference in SRCC, the 95% interval of an image-level bootstrap, the corrected t
of Nadeau and Bengio; `commits`: by how many versions of the code), seeds.csv (what chance in training is worth) and
gap.csv. A contrast is decisive on `folds` alone, ten parts by three seeds: `whole` says whether all of them are there.
Variants trained on other images, or on other numbers of them, are never paired.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float
from kept import IMAGES, key_of, name_of, rows, scores
from numpy import ndarray
from variants import MARK

from ksiqa.data.datasets import DATASETS
from ksiqa.errors import ConfigError
from ksiqa.metric.comparison import Part, corrected_t, paired_bootstrap, part_difference
from ksiqa.metric.correlation import srcc

HERE = Path(__file__).resolve().parent
DECISIVE = [("ksiqa", "plain_best"), ("ksiqa", "plain_matched"), ("sharing", "pretrain"), ("sharing", "distil")]
ALONE = [("imagery", "plain_best"), ("imagery", "plain_matched")]  # the modules without pairs, which plain has none of
BESIDE_PEERS = {
    "hyperiqa": ("ksiqa", "ksiqa_cnn"),
    "maniqa": ("ksiqa", "ksiqa_vit"),
}  # also on no more than its backbone
PEERS = [(one, f"peer-{name}") for name, ours in BESIDE_PEERS.items() for one in ours]
LADDER = ["plain", "decoder", "ordinal", "imagery", "sharing", "ksiqa"]
NOISE = ("plain_again", "plain")
BEST_OF = ("plain", "plain_own")  # what `plain_best` is chosen of
WHOLE = (10, 3)  # parts and seeds
OF_SEEDS = ("srcc", "srcc_deviation", "srcc_of_mean")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both files and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--livec", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=10_000, help="of the bootstrap")
    parser.add_argument("--home", type=Path, default=HERE)
    options = parser.parse_args(arguments)
    table = checked(rows(options.home))
    frame = DATASETS["livec"].read(options.livec, allow_missing=True).frame
    labels = pd.Series(frame["score"].to_numpy(), index=frame["image"].map(name_of)).sort_index()
    found = contrasts(table, labels, home=options.home, draws=options.draws)
    made_of = {"contrasts.csv": found, "seeds.csv": together(table, labels, home=options.home), "gap.csv": gap(table)}
    for name, made in made_of.items():
        made.to_csv(options.home / name, index=False, float_format="%.4f", lineterminator="\n")
        print(f"{name}\n{made.to_string(index=False, float_format=lambda value: f'{value:+.4f}')}\n")


def checked(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows if each variant has one recipe on each part, and all have the same images there.

    Raises:
        ConfigError: two recipes, or two copies of the images.
    """
    recipes = table.groupby(["variant", "part"])["recipe"].unique()
    mixed = recipes[recipes.map(len) > 1]
    if len(mixed):
        raise ConfigError(
            found=f"{' on '.join(map(str, mixed.index[0]))} by the recipes {', '.join(mixed.iloc[0])}",
            expected="one recipe a variant and part",
            do="delete the rows of those that no longer count from results.csv",
        )
    for (part, frozen), of_part in table.groupby(["part", table["variant"].str.startswith(MARK)]):
        for column in IMAGES:
            copies = of_part.groupby(column)["variant"].first()
            if len(copies) > 1:
                who = " and ".join(f"{name} ({digest})" for digest, name in copies.items())
                raise ConfigError(
                    found=f"{column} of {part}{', frozen' if frozen else ''}: {who}",
                    expected="one copy of the images in all rows of a part",
                    do="delete the rows of the others from results.csv and measure them again",
                )
    return table


def contrasts(table: pd.DataFrame, labels: pd.Series, *, home: Path, draws: int) -> pd.DataFrame:
    """Return a row a contrast and part of which both sides are there."""
    found = []
    steps = list(zip(LADDER[1:], LADDER, strict=False))
    for mark, part in ((mark, part) for mark in ("", MARK) for part in ("folds", "few", "random")):
        here = table[(table["part"] == part)]
        kinds = {"decisive": DECISIVE, "modules": ALONE, "ladder": steps, "noise": [NOISE], "peers": PEERS}
        for kind, pairs in kinds.items():
            for one, other in pairs:
                against = mark + other if other != "plain_best" else best(here, mark)
                sides = [here[here["variant"] == name] for name in (mark + one, against)]
                told = {"first": mark + one, "second": against, "part": part, "kind": kind}
                found += [told | row for row in compared(*sides, labels, home=home, draws=draws)]
    columns = ["first", "second", "part", "kind", "parts", "seeds", "whole", "commits", "difference"]
    return pd.DataFrame(found, columns=[*columns, "low", "high", "t_low", "t_high", "p"])


def best(table: pd.DataFrame, mark: str) -> str | None:
    """Return the better of the plain trunks by mean SRCC over the splits and seeds that both have; of one alone, that.
    Where both have rows, and none in common, it says so and returns None.

    These are test figures: the choice can only make it harder to be better than what is chosen.
    """
    names = [mark + name for name in BEST_OF]
    figures = table[table["variant"].isin(names)].pivot(index=["split", "seed"], columns="variant", values="test/srcc")
    both = figures.dropna()
    if len(both):
        return str(both.mean().idxmax())
    if len(figures):
        print(f"{' and '.join(names)} have no split and seed in common: not told which is the better one\n")
        return None
    return names[0]


def compared(
    first: pd.DataFrame, second: pd.DataFrame, labels: pd.Series, *, home: Path, draws: int
) -> list[dict[str, object]]:
    """Return one row of figures, or none where the two have no split in common."""
    splits = sorted(set(first["split"]) & set(second["split"]))
    both = pd.concat([first, second])
    both = both[both["split"].isin(splits)]
    if not splits:
        return []
    for split, of_split in both.groupby("split"):
        if of_split["train_n"].nunique() > 1:
            raise ConfigError(
                found=f"split {split} trained on {' and '.join(map(str, sorted(of_split['train_n'].unique())))} images",
                expected="as many for both sides of a contrast",
                do="leave the variant with a validation part out of contrasts",
            )
    parts = [part(first, second, split, labels, home=home) for split in splits]
    drawn = paired_bootstrap(parts, draws=draws, seed=0)
    ratio = both["test_n"].sum() / both["train_n"].sum()
    by_part = np.array([part_difference(one) for one in parts])
    tested = corrected_t(by_part, ratio=ratio) if len(splits) > 1 else None
    seeds = min(one[one["split"].isin(splits)].groupby("split")["seed"].nunique().min() for one in (first, second))
    return [
        {
            "parts": len(splits),
            "seeds": seeds,
            "commits": both["commit"].nunique(),
            "whole": len(splits) >= WHOLE[0] and seeds >= WHOLE[1] and set(both["part"]) == {"folds"},
            "difference": drawn.mean,
            "low": drawn.low,
            "high": drawn.high,
            **({"t_low": tested.low, "t_high": tested.high, "p": tested.p} if tested else {}),
        }
    ]


def part(first: pd.DataFrame, second: pd.DataFrame, split: int, labels: pd.Series, *, home: Path) -> Part:
    """Return a test part as both sides scored it, an image known by its place among all labels."""
    sides, images = [], list[pd.Index]()
    for side in (first, second):
        kept = [scores(home, row) for _, row in side[side["split"] == split].iterrows()]
        images += [one.index for one in kept]
        sides.append(stacked(kept))
    if any(not one.equals(images[0]) for one in images):
        raise ConfigError(
            found=f"split {split} with other test images in {key_of(first.iloc[0])} and {key_of(second.iloc[0])}",
            expected="the same images in all runs of a split",
            do="measure all variants on one copy of LIVEC",
        )
    strange = images[0].difference(labels.index)
    if len(strange):
        raise ConfigError(
            found=f"scores of {strange[0]}, of which --livec has no label",
            expected="the copy of LIVEC that was measured",
            do="name its folder",
        )
    return Part(labels[images[0]].to_numpy(), *sides, unit=labels.index.get_indexer(images[0]))


def stacked(kept: list[pd.Series]) -> Float[ndarray, "seeds rows"]:
    """Put the scores of several seeds on top of one another."""
    return np.stack([one.to_numpy(dtype=np.float64) for one in kept])


def together(table: pd.DataFrame, labels: pd.Series, *, home: Path) -> pd.DataFrame:
    """Return, of each variant and part with splits of several seeds, means over these splits: of the SRCC of one seed,
    its deviation from seed to seed, and the SRCC of the mean of all seeds' scores."""
    found = []
    for (variant, name), rows_of in table[table["part"] != "pairs"].groupby(["variant", "part"]):
        figures = []
        for _, runs in (one for one in rows_of.groupby("split") if len(one[1]) > 1):
            kept = [scores(home, row) for _, row in runs.iterrows()]
            label = labels[kept[0].index].to_numpy()
            one = [srcc(score.to_numpy(), label) for score in kept]
            figures.append((np.mean(one), np.std(one, ddof=1), srcc(stacked(kept).mean(axis=0), label)))
        if figures:
            told = {"variant": variant, "part": name, "splits": len(figures), "seeds": rows_of["seed"].nunique()}
            found.append(told | dict(zip(OF_SEEDS, np.mean(figures, axis=0), strict=True)))
    return pd.DataFrame(found, columns=["variant", "part", "splits", "seeds", *OF_SEEDS])


def gap(table: pd.DataFrame) -> pd.DataFrame:
    """Return which share of the teacher's lead over the student alone each regime closes, on pairs of unseen contents:
    (student - alone) / (teacher - alone), by SRCC with pseudo-scores; `alone` is `imagery`, the teacher `sharing`'s."""
    found = []
    for mark in ("", MARK):
        means = {
            name: rows.mean(numeric_only=True) for name, rows in table[table["part"] == "pairs"].groupby("variant")
        }
        if not {mark + "imagery", mark + "sharing"} <= set(means):
            continue
        alone, teacher = means[mark + "imagery"]["test/srcc"], means[mark + "sharing"]["test/teacher_srcc"]
        for name in (mark + one for one in ("sharing", "distil") if mark + one in means):
            student = means[name]["test/srcc"]
            told = {"student": student, "alone": alone, "teacher": teacher}
            found.append({"variant": name, **told, "closed": (student - alone) / (teacher - alone)})
    return pd.DataFrame(found, columns=["variant", "student", "alone", "teacher", "closed"])


if __name__ == "__main__":
    main()
