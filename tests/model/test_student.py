import pytest
import torch

from ksiqa.batch import View
from ksiqa.loss import imagery as imagery_loss
from tests.tiny import tiny_model


def _away_from_identity(student):
    for parameter in student.imagery.parameters():
        torch.nn.init.normal_(parameter, std=0.1)


def test_a_student_needs_no_reference_and_imagines_one(view):
    prediction = tiny_model()(view, source="one")
    assert prediction.score.shape == (3,)
    assert prediction.imagery.shape == prediction.features.shape == prediction.decoding.shape == (3, 4, 6, 32)


def test_teacher_and_student_hold_the_same_objects():
    student = tiny_model()
    teacher = student.teacher()
    assert teacher.decoder is student.decoder
    assert teacher.feature_extraction is student.feature_extraction
    assert teacher.regressor is student.regressor


@pytest.mark.parametrize("decoder", ["aligned", "cross", "residual"])
def test_a_step_on_the_teachers_loss_moves_the_students_score(decoder, view):
    student = tiny_model(decoder=decoder).eval()
    before = student(view, source="one").score.detach()
    optimiser = torch.optim.SGD(student.decoder.parameters(), lr=1.0)
    student.teacher()(view, View(view.image.flip(0)), source="one").score.sum().backward()
    optimiser.step()
    after = student(view, source="one").score.detach()
    assert (after - before).abs().min() > 1e-4


def test_at_the_start_the_student_scores_as_the_teacher_with_the_image_twice(view):
    student = tiny_model().eval()
    twice = student.teacher()(view, view, source="one").score
    assert torch.allclose(student(view, source="one").score, twice, atol=1e-6)


@pytest.mark.parametrize("into_features", [False, True])
@pytest.mark.parametrize("kind", ["residual", "conv", "query"])
def test_the_imagery_loss_trains_imagery_and_features_only_if_told(kind, into_features, view):
    student = tiny_model(imagery=kind, imagery_into_features=into_features)
    _away_from_identity(student)
    wanted = student.feature_extraction(View(view.image.flip(0))).features
    imagined = student(view, source="one").imagery
    (imagery_loss.cosine(imagined, wanted) + imagery_loss.smooth_l1(imagined, wanted)).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in student.imagery.difference.parameters())
    touched = [p for p in student.feature_extraction.parameters() if p.grad is not None and p.grad.abs().sum() > 0]
    assert bool(touched) is into_features
    assert all(p.grad is None for p in student.decoder.parameters())


def test_the_score_trains_every_part(view):
    student = tiny_model()
    _away_from_identity(student)
    student(view, source="one").score.sum().backward()
    for part in ("feature_extraction", "imagery", "decoder", "regressor"):
        assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in getattr(student, part).parameters()), part


@pytest.mark.parametrize("training", [False, True])
def test_the_score_does_not_depend_on_the_rest_of_the_batch(training, view):
    student = tiny_model().train(training)
    alone = student(View(view.image[:1]), source="one").score
    assert torch.allclose(alone, student(view, source="one").score[:1], atol=1e-5)
