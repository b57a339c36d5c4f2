import pytest
import torch

from ksiqa.batch import Batch, View
from ksiqa.data.views import ScoringViews
from ksiqa.metric.correlation import srcc
from ksiqa.task.quality import QualityTask, as_images
from tests.task.conftest import trainer
from tests.tiny import CELL, quality_data, tiny_model


def _bytes(known=None):
    image = torch.tensor([[0, 51, 255]], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 2, 2)
    return View(image, known or {})


def test_bytes_become_numbers_between_0_and_1():
    known = {"cnn": torch.zeros(1, 1, 1, 4).half()}
    batch = as_images(Batch(_bytes(known), _bytes(), torch.zeros(1), torch.zeros(1, dtype=torch.int64)))
    for view in (batch.distorted, batch.reference):
        assert view.image.dtype == torch.float32
        assert view.image[0, :, 0, 0].tolist() == pytest.approx([0.0, 0.2, 1.0])
    assert batch.distorted.known is known
    assert as_images(Batch(_bytes(), None, batch.score, batch.row)).reference is None


def _task(model, *, teacher=None, source="pairs"):
    return QualityTask(student=model, teacher=teacher, units={source: 4.0})


def _tested(task, data):
    ran = trainer()
    ran.test(task, data.test_dataloader(), verbose=False)
    return {name: value.item() for name, value in ran.callback_metrics.items()}


@pytest.mark.parametrize("batch_size", [1, 7, 40])
def test_figures_are_over_the_whole_part(batch_size, pairs):
    """Against scores taken one image at a time and scipy's correlation over all of them."""
    student = tiny_model(sources=("pairs",)).eval()
    data = quality_data(pairs, batch_size=batch_size)
    task = _task(student, teacher=student.teacher())
    figures = _tested(task, data)
    with torch.inference_mode():
        scores = [
            student(View(torch.tensor(pairs.load(row).distorted).permute(2, 0, 1)[None].float() / 255), source="pairs")
            for row in data.split.test
        ]
    alone = torch.cat([one.score for one in scores]).double().numpy()
    labels = pairs.table.scores[list(data.split.test)]
    assert task.scores[0]["student"].score == pytest.approx(alone, abs=1e-5)
    assert task.scores[0]["student"].row.tolist() == list(data.split.test)
    assert figures["test/srcc"] == pytest.approx(srcc(task.scores[0]["student"].score, labels), abs=1e-6)
    assert {"test/plcc", "test/krcc", "test/teacher_srcc", "test/imagery_error"} <= set(figures)
    assert figures["test/imagery_error"] == pytest.approx(figures["test/identity_error"])  # untrained: the same


def test_an_images_score_is_the_mean_over_its_views(pairs):
    student = tiny_model(sources=("pairs",)).eval()
    grid = ScoringViews(kind="grid", side=32, grid=2, cell=CELL)
    data = quality_data(pairs, scoring=grid, batch_size=3)
    task = _task(student)
    _tested(task, data)
    (batch, *_) = data.test_dataloader()
    with torch.inference_mode():
        views = student(as_images(batch).distorted, source="pairs").score
    means = views.view(-1, 4).mean(dim=1).tolist()
    assert task.scores[0]["student"].score[: len(means)] == pytest.approx(means, abs=1e-5)


def test_a_teacher_alone_stands_first(pairs):
    teacher = tiny_model(kind="teacher", sources=("pairs",))
    task = _task(None, teacher=teacher)
    figures = _tested(task, quality_data(pairs))
    assert list(task.scores[0]) == ["teacher"]
    assert "test/srcc" in figures
    assert "test/teacher_srcc" not in figures
    assert "test/imagery_error" not in figures


def test_each_source_has_its_scale(pairs):
    """A teacher on the pairs' scale beside a student on another's."""
    student = tiny_model(sources=("photographs", "pairs")).eval()
    student.regressor.calibration.shift["pairs"].data.fill_(3.0)
    task = QualityTask(student=student, teacher=student.teacher(), units={"photographs": 4.0}, fr_source="pairs")
    _tested(task, quality_data(pairs))
    assert task.scores[0]["teacher"].score.min() > task.scores[0]["student"].score.max()
