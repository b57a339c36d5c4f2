import pytest
import torch

from ksiqa.batch import Batch, Prediction, View
from ksiqa.metric.correlation import srcc
from ksiqa.task.scored_part import ScoredPart

IMAGES, VIEWS = 6, 2
REFERENCED = torch.tensor([True, False, True, True, False, True])


def _batch(*, referenced, reference=True):
    views = View(torch.zeros(IMAGES * VIEWS, 3, 1, 1))
    held = int(referenced.sum()) * VIEWS if referenced is not None else IMAGES * VIEWS
    return Batch(
        distorted=views,
        reference=View(torch.zeros(held, 3, 1, 1)) if reference else None,
        score=torch.linspace(0, 1, IMAGES),
        row=torch.arange(10, 10 + IMAGES),
        views=VIEWS,
        referenced=referenced,
    )


def _prediction(images):
    torch.manual_seed(images)
    score = torch.rand(images * VIEWS)
    features = torch.randn(images * VIEWS, 2, 2, 4)
    return Prediction(score=score, regressed=score, features=features, imagery=features + 1)


def test_a_teacher_is_measured_on_the_images_with_a_reference():
    part = ScoredPart(models=["student", "teacher"], unit=4.0)
    batch = _batch(referenced=REFERENCED)
    predictions = {"student": _prediction(IMAGES), "teacher": _prediction(4)}
    part.update(batch, predictions, torch.randn(4 * VIEWS, 2, 2, 4))
    figures, scores = part.figures("test/")
    assert scores["student"].row.tolist() == [10, 11, 12, 13, 14, 15]
    assert scores["teacher"].row.tolist() == [10, 12, 13, 15]
    assert scores["teacher"].label.tolist() == pytest.approx([0, 0.4, 0.6, 1])
    means = predictions["teacher"].score.view(4, VIEWS).mean(dim=1).double().numpy()
    assert scores["teacher"].score == pytest.approx(means)
    assert figures["test/teacher_srcc"] == pytest.approx(srcc(means, scores["teacher"].label))
    assert part.closeness.images == 0  # starts anew
    assert {"test/srcc", "test/imagery_error", "test/identity_error"} <= set(figures)


def test_a_teacher_has_no_figures_of_a_single_image():
    part = ScoredPart(models=["student", "teacher"], unit=4.0)
    one = torch.arange(IMAGES) == 2
    predictions = {"student": _prediction(IMAGES), "teacher": _prediction(1)}
    part.update(_batch(referenced=one), predictions, torch.randn(VIEWS, 2, 2, 4))
    figures, scores = part.figures("test/")
    assert list(scores) == ["student"]
    assert {"test/srcc", "test/imagery_error"} <= set(figures)
    assert not any("teacher" in name for name in figures)


def test_no_reference_anywhere_gives_no_figures_of_a_teacher_or_of_imagery():
    part = ScoredPart(models=["student", "teacher"], unit=4.0)
    part.update(_batch(referenced=None, reference=False), {"student": _prediction(IMAGES)}, None)
    figures, scores = part.figures("validation/livec/")
    assert list(scores) == ["student"]
    assert set(figures) <= {f"validation/livec/{name}" for name in ("srcc", "plcc", "plcc_fitted", "krcc", "rmse")}
