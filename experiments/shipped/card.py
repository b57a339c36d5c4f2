"""What the card of the shipped model says beyond any model's: figures over ten splits, ladders, whose work it is."""

import csv
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent

TEXT = """
## Over {count} splits

The same recipe (experiments/shipped), trained on the training parts of {count} random 80/20 splits of LIVEC and
tested on the rest; the last epoch, nothing selected. {remark}
The model in this folder learned from nine tenths of LIVEC and was tested on none of it.

| figure | median | least | most |
| --- | ---: | ---: | ---: |
{splits}

## Codec and noise ladders

Pristine photographs that took no part in training, made worse step by step: the share in which every step scores lower
than the one before, and the share of single steps that do. AVIF took no part in training.

| kind | all steps fall | steps that fall | mean scores along the ladder |
| --- | ---: | ---: | --- |
{ladders}

## What it must not be used for

It must not be used to judge people, to tell whether a photograph was altered, in medicine or in court, or as the only
measure of a method's success. LIVEC's photographs are of 500 x 500 pixels, and larger ones are made as small before it
sees them: what shows at full size alone it cannot judge, and on photographs of many megapixels it was not held against
opinions. Its full-reference scores are pseudo-scores: no viewer rated the pairs that it learned from.

## Whose work it stands on

Backbones: the first eight blocks of `vit_small_patch14_dinov2` (DINOv2, Apache-2.0) and `tf_efficientnet_lite0`
(Apache-2.0), neither trained further. Pairs: distorted copies of {photographs} photographs under licences that allow
giving the weights away (experiments/shipped/photographs.csv: each with what its collection says of the licence).

Opinions: LIVE In the Wild Image Quality Challenge Database, Laboratory for Image and Video Engineering (LIVE,
http://live.ece.utexas.edu) at the University of Texas at Austin: D. Ghadiyaram and A.C. Bovik, "Massive Online
Crowdsourced Study of Subjective and Objective Picture Quality," IEEE Transactions on Image Processing, 2016;
D. Ghadiyaram and A.C. Bovik, "LIVE In the Wild Image Quality Challenge Database," Online:
http://live.ece.utexas.edu/research/ChallengeDB/index.html, 2015. Its notice:

{notice}
"""


def further(notice: str, *, remark: str) -> str:
    """Return the sections that results.csv, ladders.csv and photographs.csv make.

    Args:
        notice: LIVEC's copyright notice, as its README.txt has it.
        remark: on the copy of LIVEC.
    """
    rows = _rows("results.csv")
    figures = {
        name: [float(row[f"test/{name}"]) for row in rows if row[f"test/{name}"]]  # a fit may have failed
        for name in ("srcc", "plcc", "plcc_fitted", "krcc")
    }
    ladders = [
        f"| {row['kind']} | {short(row['monotone'])} | {short(row['falling_steps'])} | {row['mean_scores']} |"
        for row in _rows("ladders.csv")
    ]
    return TEXT.format(
        count=len(rows),
        remark=remark,
        splits="\n".join(
            f"| {name} | {short(median(values))} | {short(min(values))} | {short(max(values))} |"
            for name, values in figures.items()
        ),
        ladders="\n".join(ladders),
        photographs=len(_rows("photographs.csv")),
        notice="\n".join(f"> {line}".rstrip() for line in notice.strip().splitlines()),
    )


def short(value: str | float) -> str:
    """Return a share or a correlation with three places."""
    return f"{float(value):.3f}".removeprefix("0") if float(value) < 1 else "1.000"


def notice_of(readme: Path) -> str:
    """Return the copyright notice between its two marked lines, each paragraph on one line."""
    text = readme.read_text(encoding="utf-8", errors="replace")
    text = text.split("STARTS WITH THIS LINE------------")[1].split("-----------COPYRIGHT NOTICE ENDS")[0]
    return "\n\n".join(" ".join(part.split()) for part in text.replace("\r", "").split("\n\n") if part.strip())


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(newline="") as file:
        return list(csv.DictReader(file))
