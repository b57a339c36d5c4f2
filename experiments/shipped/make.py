"""Train the model that comes with the package, with all figures of its card.

    python experiments/shipped/make.py --livec ChallengeDB_release --photographs FOLDER --vit FILE --cnn FILE \
        --unseen FOLDER

--photographs holds those of photographs.csv, --unseen pristine photographs for the ladders, whatever their licence:
they are only looked at. Three students learn on LIVEC, one after another, with distorted copies of the photographs
beside it in every step, on which their teachers learn, too: ten times on the training parts of ten random splits, for
the figures, and once on all of LIVEC but a tenth for the intervals. What is done already is not done again. Ends with
results.csv and ladders.csv here and the model in src/ksiqa/shipped.
"""

import argparse
import csv
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from subprocess import run

from card import further, notice_of

import ksiqa
from ksiqa.data.synthetic.families import FAMILIES
from ksiqa.errors import DatasetError

HERE = Path(__file__).resolve().parent
SHIPPED = HERE.parents[1] / "src" / "ksiqa" / "shipped"
VIEWS = ["strategy=cpu", "trainer.enable_progress_bar=false", "data.workers=0"]
SMALL = [  # frozen branches of a shortened ViT and a CNN, their features computed once; small heads
    *("backbone=vit_small_patch14_dinov2_tf_efficientnet_lite0", "backbone.cnn.stages=[0,1,2,3,4]"),
    # The ViT from afar: as good on LIVEC, at a quarter of the time a block.
    *("backbone.vit.blocks=[5,7]", "backbone.vit.pool=1", "backbone.vit.shrink=2"),
    "backbone.frozen=[vit,cnn]",
    *("model.width=128", "model.heads=4", "model.imagery_depth=1", "model.decoder_depth=1"),
]
PAIRS = [  # a step's pairs are copies of one photograph: their order is learned, not which photograph is the better one
    *(f"families=[{','.join(FAMILIES)}]", "levels=[1,2,3,4,5]", "by_content=true", "batch_size=8"),
    *("crop=224", "distinct_crops=1", "workers=0"),
    *("views.kind=grid", "views.grid=1"),  # the teacher is watched on the centres of held-out pairs
]
ALL_PAIRS = ["source=train_on_all", "validation_share=0.1"]  # nobody's opinions are among them: nothing to be tested on
ON_LIVEC = [  # whole photographs: crops of them have not the quality of the whole
    *("+experiment=livec", "sharing=transfer", "sharing.pair_epochs=0", "sharing.rehearsal_weight=0.2"),
    "sharing.student_share=0.3",  # pairs' scores cost the student on LIVEC
    *("data.short_side=500", "data.crop=476", "data.distinct_crops=1", "data.token_stride=2"),
    *("+data@pairs=folder", "trainer.max_epochs=14"),
    *("task.optimiser.head_lr=1e-3", "task.optimiser.weight_decay=0.1", "task.standardise=true"),
    *("task.patchwork=true", "model.students=3", "model.damage_weight=0.2", "report.from_features=true"),
]
ALL_OF_IT = ["split.source=train_on_all", "split.validation_share=0.1"]


def main() -> None:
    """Train what is missing, and write the figures and the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("livec", "photographs", "vit", "cnn", "unseen"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=Path("outputs/shipped"))
    parser.add_argument("--splits", type=int, nargs="*", default=list(range(10)), help="of LIVEC, for the figures")
    parser.add_argument("--at-once", type=int, default=1, help="trainings; a thread each: OMP_NUM_THREADS=1")
    parser.add_argument("--remark", default="", help="what the card says of a copy of LIVEC that is not as released")
    options = parser.parse_args()
    photographs = chosen(options.photographs, options.runs / "photographs")
    target = [*ON_LIVEC, *SMALL, f"backbone.vit.weights={options.vit}", f"backbone.cnn.weights={options.cnn}"]
    target += [f"data.root={options.livec}", f"pairs.root={photographs}"]
    target += [*of("pairs", PAIRS), *of("pair_split", ALL_PAIRS)]
    wanted = {options.runs / "all": ["name=shipped-all", *ALL_OF_IT]}
    wanted |= {
        options.runs / "livec" / str(split): ["name=shipped", f"split.index={split}"] for split in options.splits
    }
    with ThreadPoolExecutor(options.at_once) as several:
        list(several.map(lambda folder: train(folder, *target, *wanted[folder]), wanted))
    command("table", options.runs / "livec", "--show", "runs", "--format", "csv", "--output", HERE / "results.csv")
    ksiqa.load(options.runs / "all" / "model").save(SHIPPED, licence="apache-2.0", dtype="int8")
    run([sys.executable, HERE / "ladders.py", "--photographs", options.unseen], check=True)
    card = SHIPPED / "README.md"
    card.write_text(card.read_text() + further(notice_of(options.livec / "README.txt"), remark=options.remark))


def chosen(folder: Path, to: Path) -> Path:
    """Link the photographs of the list into a folder of their own: no other takes part.

    Raises:
        DatasetError: one is missing, or has other bytes than those that were listed.
    """
    to.mkdir(parents=True, exist_ok=True)
    for link in to.iterdir():  # of an earlier list
        link.unlink()
    for row in listed():
        file = folder / row["image"]
        if not file.is_file() or sha256(file.read_bytes()).hexdigest() != row["sha256"]:
            raise DatasetError(
                found=f"no {file} of SHA-256 {row['sha256']}",
                expected="the photographs of photographs.csv",
                do="get it from where the list says",
            )
        (to / row["image"]).symlink_to(file.resolve())
    return to


def listed() -> list[dict[str, str]]:
    """Return the rows of photographs.csv: image, set, licence, sha256."""
    with (HERE / "photographs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def of(node: str, values: list[str]) -> list[str]:
    """Return overrides of a node of the config."""
    return [f"{node}.{value}" for value in values]


def train(folder: Path, *overrides: str) -> None:
    """Do a run, or what is missing of it."""
    command("train", *overrides, *VIEWS, f"hydra.run.dir={folder}", "+resume=auto")


def command(name: str, *arguments: str | Path) -> None:
    """Run one of the project's commands."""
    run([sys.executable, "-m", f"ksiqa.{name}", *map(str, arguments)], check=True)


if __name__ == "__main__":
    main()
