"""From predictions to named loss terms."""

from typing import Any

from jaxtyping import Float
from torch import Tensor

from ksiqa.batch import Extracted, Features, Prediction
from ksiqa.loss import imagery, ordinal, regression, sharing
from ksiqa.loss.pristine import pristine
from ksiqa.model.teacher import Teacher

Terms = dict[str, Float[Tensor, ""]]
REGRESSION = {
    "mse": regression.mse,
    "smooth_l1": regression.smooth_l1,
    "plcc": regression.plcc,
    "rank": regression.rank,
}
SCORES = (*REGRESSION, "ordinal")  # the terms of a prediction and a label
ORDINAL = {"dorn": ordinal.dorn, "corn": ordinal.corn}


def score_terms(
    prediction: Prediction,
    score: Float[Tensor, " batch"],
    *,
    regressor: Any,
    source: str,
    active: frozenset[str],
) -> Terms:
    """Return the terms between a prediction and the label, within one source."""
    terms = {name: loss(prediction.score, score) for name, loss in REGRESSION.items() if name in active}
    if "ordinal" in active and prediction.thresholds is not None:
        head = regressor.ordinal
        levels = ordinal.levels_of(score, head.edges(source))
        terms["ordinal"] = ORDINAL[head.kind](prediction.thresholds, levels)
    return terms


def pristine_terms(
    teacher: Teacher, reference: Extracted, score: Float[Tensor, " batch"], *, source: str, active: frozenset[str]
) -> Terms:
    """Return the term of pristine pairs, each reference of the batch against itself, with the batch's labels."""
    if "pristine" not in active:
        return {}
    return {"pristine": pristine(teacher.assess(reference, reference, source=source).score, score)}


def imagery_terms(imagined: Features, reference: Features, *, active: frozenset[str]) -> Terms:
    """Return the terms between imagery and the reference's features; these are a target and get no gradient."""
    losses = {"imagery_cosine": imagery.cosine, "imagery_smooth_l1": imagery.smooth_l1}
    return {name: loss(imagined, reference) for name, loss in losses.items() if name in active}


def sharing_terms(student: Prediction, teacher: Prediction, *, active: frozenset[str]) -> Terms:
    """Return the terms that draw the student's decoding and score to the teacher's; these get no gradient."""
    terms: Terms = {}
    if "sharing_decoding" in active and student.decoding is not None and teacher.decoding is not None:
        terms["sharing_decoding"] = sharing.decoding(student.decoding, teacher.decoding)
    if "sharing_score" in active:
        terms["sharing_score"] = sharing.score(student.score, teacher.score)
    return terms
