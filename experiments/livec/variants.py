"""The variants of this experiment, each a list of overrides of `ksiqa train`: the one place where they are told."""

import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "shipped"))
import ladders  # the rungs
import make

from ksiqa.data.synthetic.families import FAMILIES

__all__ = ["ladders", "make"]

PAIR_EPOCHS = 1  # of transfer, pretrain and distil alike, before the target's; none where backbones are frozen
LEFT_OUT = ("motion_blur", "colour_saturation_2", "denoise", "mean_shift", "colour_block")  # the last of its group each
TRAINED = [name for name in FAMILIES if name not in LEFT_OUT]  # families
PAIRS = [f"families=[{','.join(TRAINED)}]", "levels=[1,3,5]", "crop=224"]
UNSEEN = 0.25  # of the photographs, held out of all training: 64 of 258
HELD_OUT = [f"test_share={UNSEEN}", "validation_share=0.1"]
BESIDE = [  # pairs of another source than the target
    *("+data@pairs=folder", "pairs.batch_size=8", *make.of("pairs", PAIRS), *make.of("pair_split", HELD_OUT)),
    *("pairs.views.kind=grid", "pairs.views.grid=1"),  # the teacher is watched on the centres of held-out pairs
    *(f"sharing.pair_epochs={PAIR_EPOCHS}", "sharing.rehearsal_weight=0.2"),
]
PLAIN = ["model=plain"]
SHARING = [*BESIDE, "sharing=transfer"]
OWN = [  # what the plain trunk was measured to like best: it stays, whatever KSIQA's recipe becomes
    *("data.crop=392", "data.batch_size=16", "trainer.max_epochs=12", "task.optimiser.weight_decay=0.01"),
    *("task.optimiser.lr=3e-5", "task.optimiser.head_lr=3e-4", "loss.weights.plcc=1.0", "loss.weights.mse=0.1"),
]
VARIANTS = {
    "plain": PLAIN,
    "plain_again": PLAIN,  # A/A: other seeds, nothing else
    "plain_own": [*PLAIN, *OWN],
    "plain_matched": [*PLAIN, "model.kind=plain_matched"],
    "decoder": ["model.imagery=identity", "model.ordinal=none"],  # and the quality-aware regressor
    "ordinal": ["model.imagery=identity"],
    "imagery": [],
    "sharing": SHARING,
    "pretrain": [*BESIDE, "sharing=pretrain"],
    "distil": [*BESIDE, "sharing=distil"],
    "ksiqa": SHARING,  # all together: what the recipe adds to `sharing` stands here
    "damage": [*SHARING, "model.damage_weight=0.14"],  # read out of frozen features alone
    "intervals": [*SHARING, "split.validation_share=0.1"],  # for calibration: trained on less, so paired with none
    "students": ["model.students=3"],  # on the same frozen backbones, without pairs
    # With no more of a backbone than peers have (peers.py).
    "ksiqa_cnn": ["backbone.vit=null", "backbone.frozen=[cnn]", "data.crop=464"],
    "ksiqa_vit": ["backbone.cnn=null", "backbone.frozen=[vit]"],
}
AGAIN = {"plain_again": 100}  # added to the seeds that are asked for
TEN, ONE = range(10), range(1)  # splits
PARTS = {"random": TEN, "folds": TEN, "few": TEN, "pairs": ONE, "all": ONE}
FEW = ["split.source=folds", "split.train_share=0.05", "trainer.max_epochs=48"]  # 46 photographs
ALL = ["split.source=train_on_all", "split.validation_share=0.1"]
EPOCHS_ON_PAIRS = 4
ON_PAIRS = {
    "plain": PLAIN,
    "imagery": [],
    "sharing": ["sharing=joint"],
    "distil": ["sharing=distil", f"sharing.pair_epochs={EPOCHS_ON_PAIRS}"],
    "damage": ["sharing=joint", "model.damage=copies", "model.damage_weight=10"],  # so heavy that the readout decides
}
ON_ALL = ("plain", "ksiqa")
FROZEN = [  # heads alone learn: many times cheaper, and another question
    *make.SMALL,
    *(
        "task.optimiser.head_lr=1e-3",
        "task.optimiser.weight_decay=0.1",
        "task.standardise=true",
        "data.distinct_crops=1",
        "report.from_features=true",
    ),
]
FROZEN_BESIDE = ["pairs.distinct_crops=1", "pairs.by_content=true", "sharing.pair_epochs=0"]  # as tries were best
LIGHT = ["sharing.rehearsal_weight=0.05"]  # where labels are many, pairs cost less by it
FROZEN_ALONE = ("damage", "students", "ksiqa_cnn", "ksiqa_vit")
NOT_FROZEN = ("distil",)  # whose teacher wants a phase of pairs before, and then its student has one, too
FROZEN_CHOSEN = {  # recipes.csv
    "plain_own": [*PLAIN, "task.optimiser.head_lr=1e-2", "task.patchwork=false"],
    "ksiqa": [],  # pairs cost there: left out
    "intervals": ["split.validation_share=0.1"],
}
FROZEN_ON_LIVEC = ["data.short_side=500", "data.crop=476", "data.token_stride=2", "task.patchwork=true"]
MARK = "frozen-"  # begins the names of such rows


class Places(NamedTuple):
    """Where data and weights lie; weights may be `random`."""

    livec: Path
    pairs: Path
    vit: str
    cnn: str


def has(variant: str, part: str, *, frozen: bool) -> bool:
    """Tell whether a variant is measured on a part."""
    there = {"pairs": ON_PAIRS, "all": ON_ALL}.get(part, VARIANTS)
    left_out = FROZEN_ALONE if not frozen else () if part == "pairs" else NOT_FROZEN
    return variant in there and variant not in left_out


def overrides(variant: str, part: str, *, places: Places, frozen: bool) -> list[str]:
    """Return the overrides of a variant on a part, without split index and seed."""
    told = ["+experiment=livec", "name=livec", f"backbone.vit.weights={places.vit}"]
    told += [f"backbone.cnn.weights={places.cnn}", "trainer.enable_progress_bar=false", *(FROZEN if frozen else [])]
    if part == "pairs":  # they are the target, pseudo-scores its labels
        told += ["data=folder", f"data.root={places.pairs}", *make.of("data", PAIRS), *make.of("split", HELD_OUT)]
        return [*told, f"trainer.max_epochs={EPOCHS_ON_PAIRS}", *ON_PAIRS[variant]]
    told += [f"data.root={places.livec}", *(FROZEN_ON_LIVEC if frozen else [])]
    told += {"all": ALL, "few": FEW}.get(part, [f"split.source={part}"])
    chosen = FROZEN_CHOSEN[variant] if frozen and variant in FROZEN_CHOSEN else VARIANTS[variant]
    if BESIDE[0] not in chosen:
        return [*told, *chosen]
    beside = [f"pairs.root={places.pairs}", *(FROZEN_BESIDE if frozen else [])]
    return [*told, *chosen, *beside, *(LIGHT if frozen and part != "few" else [])]
