"""The teacher on contents never seen: does it need its reference, and does it rank kinds of damage as viewers do?

    python experiments/livec/teacher.py --model RUN/model --photographs FOLDER [--device cuda]

Every family and level, families left out of training included. Writes teacher.csv (a row a family and level: mean
scores of the teacher, of VSI and MDSI, which shaped no pseudo-score, and KADID-10k's human mean) and teacher_tests.csv:
correlations of these means over all levels that viewers rated, over families trained on and over those left out; SRCC
with pseudo-scores beside the right reference and beside another content's (it has to fall by .05); and the share of
pristine pairs that score among the best 5%. A model whose teacher lost more than .01 while the student learned has
none, and is refused.
"""

from collections.abc import Iterable, Sequence

import pandas as pd
import piq
import torch
from torch import Tensor
from unseen import Row, each, pairs_of, parted, probing, write
from variants import TRAINED

from ksiqa.batch import View
from ksiqa.data.synthetic.families import FAMILIES, LEVELS
from ksiqa.data.synthetic.human_means import HIGH, LOW, shipped_means
from ksiqa.errors import ModelFolderError
from ksiqa.inference.model_folder import load_model
from ksiqa.metric.correlation import plcc, srcc
from ksiqa.model.teacher import Teacher

MEASURES = ("teacher", "vsi", "mdsi")
BEST = 0.05


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both files."""
    parser = probing(__doc__)
    parser.add_argument("--families", nargs="+", default=list(FAMILIES))
    parser.add_argument("--levels", nargs="+", type=int, default=list(LEVELS))
    parser.add_argument("--trained", nargs="+", default=TRAINED, help="families that were trained on")
    options = parser.parse_args(arguments)
    trained = load_model(options.model)
    teacher, source = trained.teacher, trained.fr_source
    if teacher is None or source is None:
        raise ModelFolderError(
            found="a model without a full-reference teacher",
            expected="one whose teacher lost no more than .01 SRCC while the student learned (fr: true)",
            do="name the model of a run with sharing=transfer or joint, or rehearse with more weight",
        )
    unseen, _ = parted(trained, options.photographs)
    settings = {"families": options.families, "levels": options.levels, "cache": options.cache, "side": options.side}
    pairs = each(pairs_of(unseen[: options.most], **settings), device=options.device)
    with torch.inference_mode():
        table = measured(pairs, teacher.to(options.device), source=source)
    levels = by_level(table, trained=options.trained)
    write(options.home, "teacher.csv", levels)
    write(options.home, "teacher_tests.csv", tests(table, levels))


def measured(pairs: Iterable[Row], teacher: Teacher, *, source: str) -> pd.DataFrame:
    """Return each pair's scores: the teacher's beside the right reference and beside that of the content before (none
    for the first), VSI, and MDSI turned so that higher is better."""

    def scored(distorted: Tensor, reference: Tensor) -> float:
        return float(teacher(View(distorted), View(reference), source=source).score)

    found, now, before = [], None, None
    for row in pairs:
        if now is not None and now.content != row.content:
            before = now.reference
        now = row
        found.append(
            {
                "content": row.content,
                "family": row.family,
                "level": row.level,
                "pseudo": row.pseudo,
                "teacher": scored(row.distorted, row.reference),
                "of_another": float("nan") if before is None else scored(row.distorted, before),
                "vsi": float(piq.vsi(row.distorted, row.reference)),
                "mdsi": -float(piq.mdsi(row.distorted, row.reference)),
            }
        )
    return pd.DataFrame(found)


def by_level(table: pd.DataFrame, *, trained: Sequence[str]) -> pd.DataFrame:
    """Return mean scores by family and level, what viewers said of it, and whether the family was trained on."""
    damaged = table[table["family"] != "pristine"]
    means = damaged.groupby(["family", "level"])[["pseudo", *MEASURES]].mean().reset_index()
    means["trained"] = means["family"].isin(trained)
    means["type"] = means["family"].map({name: family.number for name, family in FAMILIES.items()}).astype(float)
    human = shipped_means().assign(human=lambda rows: (rows["mean"] - LOW) / (HIGH - LOW))
    human = human[["type", "level", "human"]].astype({"type": float})
    return means.merge(human, on=["type", "level"], how="left").drop(columns="type")


def tests(table: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    """Return the figures over all pairs and levels; those of fewer than three levels are left out."""
    found: list[tuple[str, float]] = [("contents", table["content"].nunique())]
    rated = levels[levels["human"].notna()]
    groups = {"all": rated, "trained": rated[rated["trained"]], "left out": rated[~rated["trained"]]}
    for name, rows in ((name, rows) for name, rows in groups.items() if len(rows) > 2):
        for measure in MEASURES:
            told = rows[measure].to_numpy(), rows["human"].to_numpy()
            found += [(f"SRCC with viewers, {name}: {measure}", srcc(*told))]
            found += [(f"PLCC with viewers, {name}: {measure}", plcc(*told))]
    swapped = table[table["of_another"].notna()]
    for name, column in (("its own", "teacher"), ("another content's", "of_another")):
        figure = srcc(swapped[column].to_numpy(), swapped["pseudo"].to_numpy())
        found.append((f"SRCC with pseudo-scores, reference {name}", figure))
    pristine = table.loc[table["family"] == "pristine", "teacher"]
    found.append(("pristine pairs among the best 5%", (pristine >= table["teacher"].quantile(1 - BEST)).mean()))
    return pd.DataFrame(found, columns=["figure", "value"])


if __name__ == "__main__":
    main()
