from dataclasses import replace

import pytest
import torch

from ksiqa.batch import View
from ksiqa.errors import DatasetError
from ksiqa.loss.weighted import Weighted
from ksiqa.metric.correlation import srcc
from ksiqa.task.phase import Phase
from ksiqa.task.quality import Optimiser, as_images
from ksiqa.task.teacher import TeacherTask
from tests.task.conftest import trained
from tests.tiny import LEVELS, quality_data, tiny_model


def _task(teacher, source="pairs"):
    return TeacherTask(
        teacher=teacher,
        loss=Weighted({"mse": 1.0, "plcc": 1.0, "ordinal": 0.005}),
        optimiser=Optimiser(lr=1e-3, head_lr=3e-3, weight_decay=0.01, warmup=0.05),
        units={source: 4.0},
        weights={source: 1.0},
    )


def test_a_trained_teacher_needs_its_reference(pairs):
    """On contents never seen: SRCC falls when the references of other contents are handed in, and a pristine pair
    scores in the top of the range."""
    data = quality_data(pairs, batch_size=15)
    teacher = tiny_model(kind="teacher", sources=("pairs",))
    teacher.regressor.start_from(data.training_scores, source="pairs", bins="uniform")
    trained(
        Phase(name="teacher", task=_task(teacher), target=data, epochs=16),
        gradient_clip_val=1.0,
        check_val_every_n_epoch=16,
    )
    (batch,) = quality_data(pairs, batch_size=100).test_dataloader()
    batch, labels = as_images(batch), batch.score.numpy()
    others = View(batch.reference.image.roll(LEVELS, dims=0))
    teacher.eval()
    with torch.inference_mode():
        own, wrong = (
            teacher(batch.distorted, reference, source="pairs").score.numpy() for reference in (batch.reference, others)
        )
    assert srcc(own, labels) > 0.5
    assert srcc(wrong, labels) < srcc(own, labels) - 0.05
    assert own[labels == 1].mean() > own[labels == 0].mean() + 0.1


def test_images_without_references_are_refused(photographs):
    task = _task(tiny_model(kind="teacher", sources=("photographs",)), "photographs")
    (batch, *_) = quality_data(photographs).train_dataloader()
    with pytest.raises(
        DatasetError,
        match=r"found: images of photographs without references\nexpected: pairs: a teacher compares\ndo: train it",
    ):
        task.training_step({"photographs": as_images(batch)}, 0)


def test_images_of_which_some_have_no_reference_are_refused(pairs):
    """Its loader leaves them out: see ``Phase.paired``."""
    task = _task(tiny_model(kind="teacher", sources=("pairs",)))
    batch = as_images(next(iter(quality_data(pairs).train_dataloader())))
    with pytest.raises(DatasetError, match="found: images of pairs without references"):
        task.terms(replace(batch, referenced=batch.score > 0.5), source="pairs")


def test_pristine_pairs_are_a_term_of_their_own(pairs):
    teacher = tiny_model(kind="teacher", sources=("pairs",))
    task = _task(teacher)
    task.loss = Weighted({"mse": 1.0, "pristine": 0.1})
    assert set(task.terms(as_images(next(iter(quality_data(pairs).train_dataloader()))), source="pairs")) == {
        "mse",
        "pristine",
    }
