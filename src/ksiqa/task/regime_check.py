"""Which regime goes with which model and which images."""

from collections.abc import Sequence

from ksiqa.data.datamodule import QualityData
from ksiqa.data.mixed import Data
from ksiqa.errors import ConfigError, SplitError, choice
from ksiqa.model.plain import Plain
from ksiqa.model.student import Student
from ksiqa.model.teacher import Teacher

PAIRS = {  # whether a regime learns from a second source
    "none": "never",
    "joint": "never",
    "sequential": "never",
    "transfer": "always",
    "pretrain": "always",
    "distil": "where given",
}


def check_pairs(kind: str, *, given: bool) -> None:
    """See whether the regime learns from a source of pairs beside the target.

    Raises:
        ConfigError: it is unknown, lacks a source of pairs, or would never look at the one given.
    """
    use = PAIRS[choice(kind, allowed=PAIRS, name="sharing")]
    if use == "always" and not given:
        raise ConfigError(
            found=f"sharing={kind} without a source of pairs",
            expected="a set with references to learn from first",
            do="name one, such as +data@pairs=folder pairs.root=PHOTOGRAPHS",
        )
    if use == "never" and given:
        raise ConfigError(
            found=f"sharing={kind} with a source of pairs (+data@pairs)",
            expected=f"no second source: sharing={kind} learns from the target alone",
            do="leave +data@pairs out, or set sharing=transfer",
        )


def check_rehearsal(student_share: float, *, kind: str) -> None:
    """See whether there is somebody else for the pairs' scores to teach where they teach the student less.

    Raises:
        ConfigError: there is not.
    """
    if student_share != 1 and kind != "transfer":
        raise ConfigError(
            found=f"sharing.student_share={student_share} with sharing={kind}",
            expected="1 where no teacher learns in the rehearsal",
            do="set sharing.student_share=1, or sharing=transfer",
        )


def check_regime(kind: str, model: Student | Plain | Teacher, *, target: Data, pairs: Data | None) -> None:
    """See whether the regime goes with the model and the data.

    Raises:
        ConfigError: it does not.
        SplitError: a part on which a teacher alone is scored has too few pairs.
    """
    if isinstance(model, Teacher) and kind != "none":
        raise ConfigError(
            found=f"model=teacher with sharing={kind}",
            expected="sharing=none: a teacher alone shares with nobody",
            do=f"set model=student for sharing={kind}",
        )
    if isinstance(model, Plain) and kind not in ("none", "pretrain", "distil"):
        raise ConfigError(
            found=f"model=plain with sharing={kind}",
            expected="a model with a decoder to share",
            do="set model=student, or sharing=none",
        )
    check_pairs(kind, given=pairs is not None)
    source = pairs or target
    compares = isinstance(model, Teacher) or kind in ("joint", "sequential", "transfer", "distil")
    lacking = [one.name for one in source.sets if not one.train_places(paired=True)]
    enough = kind == "joint" and len(lacking) < len(source.sets)  # the other sets of a mix serve the student alone
    if compares and lacking and not enough:
        raise ConfigError(
            found=f"{'model=teacher' if isinstance(model, Teacher) else f'sharing={kind}'} on {', '.join(lacking)},"
            " which has no references",
            expected="pairs of a distorted image and its reference" + (" in every set" if len(source.sets) > 1 else ""),
            do="set sharing=transfer with a source of pairs, or sharing=none",
        )
    alone = isinstance(model, Teacher)
    for one in source.sets if alone or kind in ("sequential", "transfer", "distil") else ():
        _check_pairs_scored(one, parts=("validation", "test") if alone else ("validation",))


def _check_pairs_scored(data: QualityData, *, parts: Sequence[str]) -> None:
    """Refuse a part on which a teacher is scored alone, and of which it sees no image or a single one."""
    there = data.table.frame["reference"].notna()
    for part in parts:
        rows = list(data.split.part(part))
        pairs = int(there.iloc[rows].sum())
        if rows and pairs < 2:
            raise SplitError(
                found=f"{pairs} of {len(rows)} images in the {part} part of {data.name} with a reference",
                expected="2 or more, on which a teacher is scored: a correlation is a statement about several",
                do=f"restore the references, or take another split (split.index, split.{part}_share)",
            )
