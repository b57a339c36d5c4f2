from dataclasses import replace

import pytest
import torch

from ksiqa.batch import Batch
from ksiqa.data.image_pairs import collated
from ksiqa.errors import NotFiniteError
from ksiqa.loss.weighted import Weighted
from ksiqa.task.patchwork import patchwork
from ksiqa.task.phase import Phase
from ksiqa.task.quality import Optimiser, as_images
from ksiqa.task.student import StudentTask
from tests.task.conftest import trained
from tests.tiny import quality_data, tiny_model

WEIGHTS = {
    **{"mse": 1.0, "plcc": 1.0, "ordinal": 0.005, "imagery_cosine": 0.5, "imagery_smooth_l1": 0.5},
    **{"sharing_decoding": 0.1, "sharing_score": 0.1},
}


def _task(student, *, teacher=None, teacher_learns=True, instructor=None, source="pairs", weights=None, patchwork=None):
    return StudentTask(
        student=student,
        teacher=teacher,
        teacher_learns=teacher_learns,
        instructor=instructor,
        loss=Weighted(WEIGHTS),
        optimiser=Optimiser(lr=1e-3, head_lr=3e-3, weight_decay=0.01, warmup=0.05),
        units={source: 4.0},
        weights=weights or {source: 1.0},
        patchwork=patchwork,
    )


def _batch(source):
    return as_images(next(iter(quality_data(source).train_dataloader())))


SCORES = {"mse", "plcc", "ordinal"}
SHARED = {"sharing_decoding", "sharing_score"}
IMAGERY = {"imagery_cosine", "imagery_smooth_l1"}


def _names(task, batch, source="pairs"):
    found = task.terms(batch, source=source)
    return {
        model: {name.partition("/")[2] for name in found if name.startswith(f"{model}/")}
        for model in ("student", "teacher")
    }


def test_terms_of_joint_training(pairs):
    student = tiny_model(sources=("pairs",))
    task = _task(student, teacher=student.teacher())
    assert _names(task, _batch(pairs)) == {"student": SCORES | IMAGERY | SHARED, "teacher": SCORES}


def test_terms_beside_a_teacher_that_only_shows_the_way(pairs):
    student = tiny_model(sources=("pairs",))
    task = _task(student, teacher=student.teacher(), teacher_learns=False)
    assert _names(task, _batch(pairs)) == {"student": SCORES | IMAGERY | SHARED, "teacher": set()}


def test_terms_of_a_student_alone_and_of_one_that_is_instructed(pairs):
    student, instructor = tiny_model(sources=("pairs",)), tiny_model(kind="teacher", sources=("pairs",))
    assert _names(_task(student), _batch(pairs)) == {"student": SCORES, "teacher": set()}
    assert _names(_task(student, instructor=instructor), _batch(pairs))["student"] == SCORES | SHARED


def test_images_without_references_give_no_terms_of_sharing(photographs):
    student = tiny_model(sources=("photographs",))
    task = _task(student, teacher=student.teacher(), source="photographs")
    assert _names(task, _batch(photographs), "photographs") == {"student": SCORES, "teacher": set()}


@pytest.fixture
def some_references(pairs):
    """A batch of six images of which the second and the last but one have no reference, and the whole one."""
    data = quality_data(pairs, batch_size=6)
    samples = [data.parts["train"][draw] for draw in next(iter(data.train_dataloader().batch_sampler))]
    lacking = [replace(one, reference=None) if place in (1, 4) else one for place, one in enumerate(samples)]
    return as_images(collated(lacking)), as_images(collated(samples))


def test_images_without_a_reference_serve_the_student_alone(some_references):
    """Beside the others, in one batch: the student learns from six scores, the teacher and all that is shared from the
    four pairs, and each term is what these images alone would give."""
    student = tiny_model(sources=("pairs",))
    task = _task(student, teacher=student.teacher())
    some, whole = some_references
    found, of_all = task.terms(some, source="pairs"), task.terms(whole, source="pairs")
    kept = torch.tensor([True, False, True, True, False, True])
    assert some.row[some.pairs].tolist() == whole.row[kept].tolist()
    paired = Batch(whole.distorted.at(kept), whole.reference.at(kept), whole.score[kept], whole.row[kept])
    of_pairs = task.terms(paired, source="pairs")
    assert set(found) == set(of_pairs)
    for name, term in found.items():
        everyone = name in {f"student/{one}" for one in SCORES}
        expected = of_all[name] if everyone else of_pairs[name]
        assert term.item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-6), name


def test_a_student_follows_its_instructor_where_there_are_references(some_references):
    student, instructor = tiny_model(sources=("pairs",)), tiny_model(kind="teacher", sources=("pairs",))
    some, _ = some_references
    assert _names(_task(student, instructor=instructor), some)["student"] == SCORES | SHARED


def test_pristine_pairs_are_the_references_of_the_batch(pairs):
    student = tiny_model(sources=("pairs",))
    task = _task(student, teacher=student.teacher())
    task.loss = Weighted({"mse": 1.0, "pristine": 0.5})
    batch = _batch(pairs)
    found = task.terms(batch, source="pairs")
    assert set(found) == {"student/mse", "teacher/mse", "teacher/pristine"}
    scores = student.teacher()(batch.reference, batch.reference, source="pairs").score
    expected = (batch.score.max() - scores).clamp(min=0).mean()
    assert found["teacher/pristine"].item() == pytest.approx(expected.item(), rel=1e-3)
    task.teacher_learns = False
    assert set(task.terms(batch, source="pairs")) == {"student/mse"}


def test_joint_terms_equal_those_of_two_separate_passes(pairs):
    """Features run once over both; the result must be that of teacher and student each on their own."""
    student = tiny_model(sources=("pairs",))
    batch, teacher = _batch(pairs), student.teacher()
    found = _task(student, teacher=teacher).terms(batch, source="pairs")
    alone = {
        "student/mse": student(batch.distorted, source="pairs").score,
        "teacher/mse": teacher(batch.distorted, batch.reference, source="pairs").score,
    }
    for name, score in alone.items():
        assert found[name].item() == pytest.approx((score - batch.score).square().mean().item(), rel=1e-3)


def test_the_instructor_is_hidden_from_optimiser_and_checkpoint():
    student, instructor = tiny_model(), tiny_model(kind="teacher")
    task = _task(student, instructor=instructor)
    hidden = {id(parameter) for parameter in instructor.parameters()}
    assert not hidden & {id(parameter) for parameter in task.parameters()}
    assert not any("instructor" in name for name in task.state_dict())
    task.on_fit_start()
    assert not any(parameter.requires_grad for parameter in instructor.parameters())
    assert not instructor.training


def test_rehearsal_weighs_a_sources_terms(pairs, photographs):
    student = tiny_model(sources=("photographs", "pairs"))
    weights = {"photographs": 1.0, "pairs": 0.25}
    task = _task(student, source="photographs", weights=weights)
    task.log = task.log_dict = lambda *args, **kwargs: None  # no Trainer: nothing to log to
    batches = {"photographs": _batch(photographs), "pairs": _batch(pairs)}
    expected = sum(weights[source] * task.loss(task.terms(batch, source=source)) for source, batch in batches.items())
    assert task.training_step(batches, 0).item() == pytest.approx(expected.item(), rel=1e-5)


def test_scores_may_teach_the_teacher_alone(pairs):
    """The student goes on learning imagery and decoding, and nothing of them comes from its score."""
    student, batch = tiny_model(sources=("pairs",)), _batch(pairs)
    both, alone = (_task(student, teacher=student.teacher()) for _ in range(2))
    alone.student_shares = {"pairs": 0.0}
    expected = both.terms(batch, source="pairs")
    found = alone.terms(batch, source="pairs")
    assert set(expected) - set(found) == {f"student/{name}" for name in SCORES}
    assert all(found[name].item() == pytest.approx(expected[name].item(), rel=1e-5) for name in found)


def test_scores_may_teach_the_student_less_than_the_teacher(pairs):
    student, batch = tiny_model(sources=("pairs",)), _batch(pairs)
    task = _task(student, teacher=student.teacher())
    task.student_shares = {"pairs": 0.25}
    task.log = task.log_dict = lambda *args, **kwargs: None  # no Trainer: nothing to log to
    terms = task.terms(batch, source="pairs")
    less = {name: 0.25 for name in terms if name.removeprefix("student/") in SCORES}
    assert len(less) == len(SCORES)
    expected = task.loss({name: less.get(name, 1) * term for name, term in terms.items()})
    assert task.training_step({"pairs": batch}, 0).item() == pytest.approx(expected.item(), rel=1e-5)
    assert expected.item() != pytest.approx(task.loss(terms).item(), rel=1e-3)


def test_patchworks_are_made_of_the_sources_images_alone(pairs, photographs):
    student = tiny_model(sources=("photographs", "pairs"))
    told = {"source": "photographs", "weights": {"photographs": 1.0, "pairs": 0.5}}
    plain, mixed = _task(student, **told), _task(student, **told, patchwork=7)
    batches = {"photographs": _batch(photographs), "pairs": _batch(pairs)}
    for task in (plain, mixed):
        task.log = task.log_dict = lambda *args, **kwargs: None  # no Trainer: nothing to log to
    made = patchwork(batches["photographs"].distorted, cell=student.feature_extraction.cell, seed=(7, 0, 0))
    expected = mixed.loss(mixed.terms(batches["photographs"], source="photographs", patchwork=made))
    expected = expected + 0.5 * plain.loss(plain.terms(batches["pairs"], source="pairs"))
    assert mixed.training_step(batches, 0).item() == pytest.approx(expected.item(), rel=1e-6)
    assert plain.training_step(batches, 0).item() != pytest.approx(expected.item(), rel=1e-3)


def test_joint_training_reduces_the_loss_and_brings_imagery_closer_than_identity(pairs):
    data = quality_data(pairs, batch_size=15)
    student = tiny_model(sources=("pairs",))
    student.regressor.start_from(data.training_scores, source="pairs", bins="uniform")
    task = _task(student, teacher=student.teacher())
    phase = Phase(name="joint", task=task, target=data, epochs=1)
    ran = trained(phase)
    first = ran.callback_metrics["train/loss"].item()
    ran = trained(
        Phase(name="joint", task=task, target=data, epochs=20), gradient_clip_val=1.0, check_val_every_n_epoch=20
    )
    assert ran.callback_metrics["train/loss"].item() < 0.3 * first
    assert ran.callback_metrics["validation/imagery_error"] < ran.callback_metrics["validation/identity_error"]


def test_training_leaves_batchnorms_statistics_alone(pairs):
    student = tiny_model(sources=("pairs",))
    norms = {name: value.clone() for name, value in student.state_dict().items() if "running_" in name}
    task = _task(student, teacher=student.teacher())
    trained(Phase(name="joint", task=task, target=quality_data(pairs), epochs=2), limit_train_batches=2)
    assert norms
    assert all(torch.equal(student.state_dict()[name], value) for name, value in norms.items())


def test_optimiser_groups_hold_each_learning_parameter_once(pairs):
    student = tiny_model(sources=("pairs",), backbone={"frozen": ["cnn"]})
    task = _task(student, teacher=student.teacher())
    data = quality_data(pairs)
    trained(Phase(name="joint", task=task, target=data, epochs=1), limit_train_batches=1)
    groups = task.optimizers().param_groups
    assert [group["name"] for group in groups] == ["backbone", "head"]
    placed = [id(parameter) for group in groups for parameter in group["params"]]
    learning = [id(parameter) for parameter in student.parameters() if parameter.requires_grad]
    assert sorted(placed) == sorted(learning)
    assert {id(p) for p in groups[0]["params"]} == {id(p) for p in student.feature_extraction.vit.parameters()}
    assert [group["initial_lr"] for group in groups] == [1e-3, 3e-3]


def test_the_same_seed_trains_the_same_weights(pairs):
    def weights():
        torch.manual_seed(3)
        student = tiny_model(sources=("pairs",))
        task = _task(student, teacher=student.teacher())
        trained(Phase(name="joint", task=task, target=quality_data(pairs), epochs=1), limit_train_batches=3)
        return student.state_dict()

    one, two = weights(), weights()
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_gradient_that_is_no_number_ends_the_training_before_it_reaches_the_weights(pairs):
    data = quality_data(pairs, batch_size=15)
    student = tiny_model(sources=("pairs",))
    student.regressor.start_from(data.training_scores, source="pairs", bins="uniform")
    parameter = next(one for one in student.regressor.parameters() if one.requires_grad)
    parameter.register_hook(lambda gradient: gradient * float("nan"))
    phase = Phase(name="joint", task=_task(student, teacher=student.teacher()), target=data, epochs=1)
    with pytest.raises(NotFiniteError, match="step 0: norm of the gradient = nan") as error:
        trained(phase, gradient_clip_val=1.0)
    assert len(error.value.rows["pairs"]) == 15
    assert all(one.isfinite().all() for one in student.parameters())
