import pytest
import torch

from ksiqa.batch import Prediction
from ksiqa.loss import ordinal, regression
from ksiqa.task.terms import imagery_terms, score_terms, sharing_terms
from tests.tiny import tiny_model

ALL = frozenset({"mse", "smooth_l1", "plcc", "rank", "ordinal"})


@pytest.mark.parametrize("kind", ["dorn", "corn"])
def test_score_terms_by_name(kind):
    regressor = tiny_model(ordinal=kind).regressor
    prediction, score = regressor(torch.randn(6, 2, 2, 32), source="one"), torch.rand(6)
    found = score_terms(prediction, score, regressor=regressor, source="one", active=ALL)
    assert set(found) == ALL
    assert torch.equal(found["mse"], regression.mse(prediction.score, score))
    levels = ordinal.levels_of(score, torch.arange(1, 8) / 8)
    assert torch.equal(found["ordinal"], getattr(ordinal, kind)(prediction.thresholds, levels))


def test_only_active_terms_are_computed():
    regressor = tiny_model(ordinal="none").regressor
    prediction = regressor(torch.randn(6, 2, 2, 32), source="one")
    active = frozenset({"mse", "ordinal", "imagery_cosine"})
    assert set(score_terms(prediction, torch.rand(6), regressor=regressor, source="one", active=active)) == {"mse"}


def test_levels_are_those_of_the_source():
    model = tiny_model(sources=("one", "two"))
    scores = torch.linspace(0.5, 0.6, 20)
    model.regressor.start_from(scores.double().numpy(), source="two", bins="quantile")
    prediction = model.regressor(torch.randn(20, 2, 2, 32), source="one")
    losses = [
        score_terms(prediction, scores, regressor=model.regressor, source=source, active=frozenset({"ordinal"}))
        for source in ("one", "two")
    ]
    assert losses[0]["ordinal"] != losses[1]["ordinal"]


def test_imagery_terms_leave_the_reference_alone():
    imagined, reference = (torch.randn(2, 2, 2, 8, requires_grad=True) for _ in range(2))
    found = imagery_terms(imagined, reference, active=frozenset({"imagery_cosine", "imagery_smooth_l1"}))
    assert set(found) == {"imagery_cosine", "imagery_smooth_l1"}
    sum(found.values()).backward()
    assert imagined.grad is not None
    assert reference.grad is None


def test_sharing_terms_leave_the_teacher_alone():
    def prediction():
        score = torch.rand(3, requires_grad=True)
        return Prediction(score=score, regressed=score, decoding=torch.randn(3, 2, 2, 8, requires_grad=True))

    student, teacher = prediction(), prediction()
    found = sharing_terms(student, teacher, active=frozenset({"sharing_decoding", "sharing_score"}))
    sum(found.values()).backward()
    assert student.score.grad is not None
    assert student.decoding.grad is not None
    assert teacher.score.grad is None
    assert teacher.decoding.grad is None
