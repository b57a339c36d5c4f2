"""Whether the frozen features tell milder compression from stronger: a linear readout of them, beside the score.

    python experiments/shipped/readout.py --photographs FOLDER --unseen PHOTOGRAPHS

A direction is fitted to the steps between neighbouring rungs (JPEG and WebP, see ladders.py) of every fourth photograph
of photographs.csv: logistic, with an L2 penalty, no content compared with another. It looks at an image's features as
means over its tokens: those of each frozen branch, or those that the model has fused. Tested on ladders of photographs
that neither the model nor the direction has seen; AVIF is in no training. Writes readout.csv beside this file.
"""

import argparse
import csv
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from ladders import HERE, LADDERS
from make import listed
from PIL import Image
from rich.progress import track
from torch import Tensor
from torch.nn import functional

import ksiqa
from ksiqa.batch import Extracted, View
from ksiqa.data.image_file import images_in
from ksiqa.inference.given_image import pixels_of
from ksiqa.inference.seen import seen

FITTED_ON = ("jpeg", "webp")
TESTED_ON = (*FITTED_ON, "avif")
PENALTY = 0.01
Ladder = dict[str, Float[Tensor, "rungs channels"]]  # by kind of features; the first rung is the photograph


def main() -> None:
    """Fit, test and write the shares of monotone ladders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=Path, required=True)
    parser.add_argument("--unseen", type=Path, required=True)
    parser.add_argument("--most", type=int, default=40, help="unseen photographs, the first by name")
    options = parser.parse_args()
    scorer = ksiqa.load()
    known = [row["image"] for row in listed()]
    learned_from = [options.photographs / name for name in known[::4]]
    unseen = sorted(file for file in images_in(options.unseen) if file.name not in known)[: options.most]
    fitted = [ladder for codec in FITTED_ON for ladder in ladders(scorer, learned_from, codec)]
    tested = {codec: ladders(scorer, unseen, codec) for codec in TESTED_ON}
    rows = [
        {"readout": kind, "photographs": len(learned_from), "unseen": len(unseen), **shares}
        for kind in fitted[0]
        if (shares := measured(kind, fitted, tested))
    ]
    with (HERE / "readout.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print((HERE / "readout.csv").read_text())


def ladders(scorer: ksiqa.Scorer, photographs: Sequence[Path], codec: str) -> list[Ladder]:
    """Return each photograph's features, as it is and at each rung."""
    rung, strengths = LADDERS[codec]
    found = []
    for photograph in track(photographs, description=codec, transient=True):
        image = Image.open(photograph).convert("RGB")
        rungs = [features(scorer, one) for one in (image, *(rung(image, strength) for strength in strengths))]
        found.append({kind: torch.stack([one[kind] for one in rungs]) for kind in rungs[0]})
    return found


@torch.inference_mode()
def features(scorer: ksiqa.Scorer, image: Image.Image) -> dict[str, Float[Tensor, " channels"]]:
    """Return an image's features by kind, means over its tokens, and the model's own score, with damage and without."""
    trained = scorer.trained
    assert trained.student is not None  # the package's model has one
    shown = seen(
        trained, pixels_of(image, pixel_limit=image.width * image.height), None, source=trained.source
    ).distorted
    known = trained.student.feature_extraction.branch_features(shown)
    found = trained.student.feature_extraction(View(shown, known))
    kinds = {"ViT": known["vit"], "CNN": known["cnn"], "fused": found.features}
    alone = trained.student.assess(Extracted(found.features, damage=None), source=trained.source).score
    score = trained.student.assess(found, source=trained.source).score
    means = {kind: tokens.float().mean(dim=(0, 1, 2)) for kind, tokens in kinds.items()}
    return means | {"score without damage": alone, "score": score}


def measured(kind: str, fitted: Sequence[Ladder], tested: dict[str, list[Ladder]]) -> dict[str, float]:
    """Return the share of strictly monotone ladders by codec: of a direction, or of the score itself."""
    direction = torch.ones(1) if kind.startswith("score") else fitted_direction([one[kind] for one in fitted])
    return {
        codec: float(np.mean([bool(((one[kind] @ direction)[1:].diff() < 0).all()) for one in of_codec]))
        for codec, of_codec in tested.items()
    }


def fitted_direction(of_ladders: Sequence[Float[Tensor, "rungs channels"]]) -> Float[Tensor, " channels"]:
    """Return the direction along which each rung lies below the one before, in units of each channel's deviation."""
    deviation = torch.cat(list(of_ladders)).std(dim=0) + 1e-6
    steps = torch.stack([(before - after) / deviation for one in of_ladders for before, after in pairwise(one)])
    direction = torch.zeros(steps.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([direction], max_iter=300)

    def loss() -> float:
        optimiser.zero_grad()
        value = functional.softplus(-(steps @ direction)).mean() + PENALTY / 2 * direction.square().sum()
        value.backward()
        return float(value.detach())

    optimiser.step(loss)
    return direction.detach() / deviation


if __name__ == "__main__":
    main()
