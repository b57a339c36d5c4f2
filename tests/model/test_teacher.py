import torch

from ksiqa.batch import View
from ksiqa.model.teacher import Teacher
from tests.tiny import tiny_model


def _pair(view):
    return view, View(view.image.flip(0))


def test_a_teacher_alone_is_made_of_three_parts(view):
    teacher = tiny_model(kind="teacher")
    assert isinstance(teacher, Teacher)
    assert [name for name, _ in teacher.named_children()] == ["feature_extraction", "decoder", "regressor"]
    assert teacher(*_pair(view), source="one").score.shape == (3,)


def test_the_score_depends_on_the_reference(view):
    teacher = tiny_model(kind="teacher").eval()
    distorted, reference = _pair(view)
    score = teacher(distorted, reference, source="one").score
    assert not torch.allclose(score, teacher(distorted, distorted, source="one").score, atol=1e-5)


def test_one_pass_over_both_equals_two(view):
    teacher = tiny_model(kind="teacher").train()
    distorted, reference = _pair(view)
    extract = teacher.feature_extraction
    apart = teacher.assess(extract(distorted), extract(reference), source="one").score
    assert torch.allclose(teacher(distorted, reference, source="one").score, apart, atol=1e-5)


def test_known_features_of_both_sides_are_stacked(view):
    teacher = tiny_model(kind="teacher", backbone={"frozen": ["cnn"]}).eval()
    pair = _pair(view)
    branches = [teacher.feature_extraction.branch_features(one.image, leave_out=["vit"]) for one in pair]
    known = [View(one.image, branch) for one, branch in zip(pair, branches, strict=True)]
    scores = [teacher(*views, source="one").score for views in (known, pair)]
    assert torch.allclose(*scores, atol=1e-5)
