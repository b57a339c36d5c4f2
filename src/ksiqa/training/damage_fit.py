"""What the readout of damage is fitted to: how features change from one copy of a photograph to the next worse one."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from rich.progress import track
from torch import Tensor

from ksiqa.batch import Extracted, View
from ksiqa.data.datamodule import QualityData
from ksiqa.data.image_pairs import Draw, ImagePairs
from ksiqa.data.synthetic.compression import through_codec
from ksiqa.data.synthetic.families import FAMILIES, LEVELS
from ksiqa.data.synthetic.noise import white_noise
from ksiqa.data.synthetic.synthetic_images import SyntheticImages
from ksiqa.data.transform import Pixels
from ksiqa.errors import ConfigError
from ksiqa.inference.model_folder import TrainedModel
from ksiqa.inference.seen import seen
from ksiqa.model.damage import DamageReadout, Images
from ksiqa.model.feature_extraction import FeatureExtraction
from ksiqa.model.student import Student
from ksiqa.training.standardised import shown

LOSSY = ("blur", "compression", "noise")  # groups of which each level takes away more than the one before
CODECS = ("JPEG", "WEBP")  # AVIF is left for tests
QUALITIES = (95, 90, 85, 80, 75, 60, 45, 30, 20, 10)
MOST = 64  # photographs
LONGEST_SIDE = 16383  # pixels that WebP can tell
EPS = 1e-7  # of a score, from 0 and 1


def damage_from_copies(extraction: FeatureExtraction, *, pairs: QualityData, target: QualityData) -> None:
    """Fit it to the distorted copies of the training part of ``pairs``, and scale it to that of ``target``. No score
    takes part but the pseudo-scores that order copies.

    Raises:
        ConfigError: no copies of photographs that are damaged step by step.
    """
    readout = _started(extraction, target)
    found = list(steps(pairs, readout)) if isinstance(pairs.source, SyntheticImages) else []
    if not found:
        raise ConfigError(
            found=f"model.damage=copies with pairs of {pairs.name}",
            expected=f"photographs distorted at several levels by families of the groups {', '.join(LOSSY)}",
            do="set model.damage=scores, or +data@pairs=folder pairs.root=PHOTOGRAPHS",
        )
    readout.follow_copies(torch.stack(found), _images(target, readout))


def steps(pairs: QualityData, readout: DamageReadout) -> Iterator[Float[Tensor, " values"]]:
    """Yield how vectors change from a photograph to its best copy by a distortion, and from each copy to the next worse
    one. Each copy is cut at a place of its own: what counts is how it differs from its reference, cut alike."""
    dataset, table = pairs.parts["train"], pairs.table
    rows = table.frame.iloc[dataset.rows].reset_index(drop=True).assign(score=table.scores[dataset.rows])
    lossy = rows[[name is not None and FAMILIES[name].group in LOSSY for name in rows["distortion"]]]
    for _, copies in lossy.groupby(["content", "distortion"]):
        falling = copies.sort_values("score", ascending=False, kind="stable").index
        lost = [
            _vector(dataset, place, readout) - _vector(dataset, place, readout, reference=True) for place in falling
        ]
        for better, worse in pairwise([torch.zeros_like(lost[0]), *lost]):
            yield worse - better


@torch.inference_mode()
def damage_from_scores(trained: TrainedModel, *, pairs: QualityData, target: QualityData) -> None:
    """Fit it to what a trained student makes of photographs of the training part of ``pairs``, seen as a whole, through
    codecs at falling qualities and under rising noise, which codecs take away: what knew codecs alone would praise it.
    No label takes part. What moves photographs of ``target`` costs."""
    model = trained.network.float()  # whatever the strategy trained it in
    assert isinstance(model, Student)  # only a student has a readout
    readout = _started(model.eval().feature_extraction, target)
    whole = replace(trained, views=replace(trained.views, kind="whole"))
    vectors, qualities = [], []
    for photograph in track(list(photographs(pairs)), description="damage", transient=True):
        as_it_is = _look(whole, model, photograph)
        for copies in ladders(photograph):
            ladder = [as_it_is, *(_look(whole, model, copy) for copy in copies)]
            vectors.append(torch.stack([vector for vector, _ in ladder]).diff(dim=0))
            qualities.append(torch.stack([quality for _, quality in ladder]).diff())
    readout.follow_scores(
        torch.cat(vectors), -torch.cat(qualities), _images(target, readout), weight=model.regressor.damage_weight
    )


def photographs(data: QualityData) -> Iterator[Pixels]:
    """Yield some photographs of the training part, each content once: the reference where there is one. Those longer
    than WebP can tell are passed over."""
    contents, first = data.table.contents, dict[str, int]()
    for row in data.split.train:
        first.setdefault(contents[row], row)
    for row in list(first.values())[:: -(-len(first) // MOST)]:
        pair = data.source.load(row)
        photograph = pair.distorted if pair.reference is None else pair.reference
        if max(photograph.shape) <= LONGEST_SIDE:
            yield photograph


def ladders(photograph: Pixels) -> Iterator[Iterator[Pixels]]:
    """Yield copies that get worse step by step."""
    for codec in CODECS:
        yield (through_codec(photograph, codec, quality=quality) for quality in QUALITIES)
    yield (white_noise(photograph, level, np.random.default_rng(0)) for level in LEVELS)


def centre_damage(readout: DamageReadout, target: QualityData) -> None:
    """Let the training part of another target have a mean damage of 0."""
    readout.centre(_images(target, readout))


def _look(trained: TrainedModel, model: Student, image: Pixels) -> tuple[Float[Tensor, " values"], Float[Tensor, ""]]:
    """Return an image's vector, and its latent quality without damage."""
    known = model.feature_extraction.branch_features(seen(trained, image, None, source=trained.source).distorted)
    readout = model.feature_extraction.damage
    assert readout is not None
    features = model.feature_extraction(View(None, known)).features
    score = model.assess(Extracted(features, damage=None), source=trained.source).score.mean()
    return readout.vector(known), torch.logit(score, eps=EPS) / model.regressor.slope(trained.source)


def _started(extraction: FeatureExtraction, target: QualityData) -> DamageReadout:
    assert extraction.damage is not None  # who calls has looked
    extraction.damage.start_from(extraction.moments(shown(target), normalised=False))
    return extraction.damage


def _images(target: QualityData, readout: DamageReadout) -> Images:
    images = target.parts["train"]
    return torch.stack([_vector(images, place, readout) for place in range(len(images))])


def _vector(
    dataset: ImagePairs, place: int, readout: DamageReadout, *, reference: bool = False
) -> Float[Tensor, " values"]:
    """Return the vector of a view's first crop."""
    assert dataset.known is not None  # a frozen branch's features are: see ``assemble``
    return readout.vector(dataset.known.get(dataset.key(Draw(place, 0)), reference=reference))
