import pytest
import torch

from ksiqa.loss import regression, sharing

# ``sharing.decoding`` is tested beside the imagery losses, whose criterion it is.


def test_scores_are_compared_as_in_regression() -> None:
    student, teacher = torch.tensor([0.2, 0.9, 0.5]), torch.tensor([0.25, 0.4, 0.5])
    expected = (0.05**2 / (2 * regression.BETA) + 0.5 - regression.BETA / 2) / 3
    assert sharing.score(student, teacher).item() == pytest.approx(expected)


def test_the_teachers_score_gets_no_gradient() -> None:
    student = torch.tensor([0.2, 0.9], requires_grad=True)
    teacher = torch.tensor([0.5, 0.5], requires_grad=True)
    sharing.score(student, teacher).backward()
    assert student.grad is not None
    assert [g < 0 for g in student.grad.tolist()] == [True, False]  # towards the teacher from both sides
    assert teacher.grad is None
