import math

import pytest

from ksiqa.task.schedule import warmup_cosine


def test_linear_up_then_a_cosine_to_zero():
    factor = warmup_cosine(steps=20, warmup=0.2)
    assert [factor(step) for step in range(5)] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
    assert factor(12) == pytest.approx(0.5)  # half of the sixteen steps after the warm-up
    assert factor(8) == pytest.approx(0.5 * (1 + math.cos(math.pi / 4)))
    assert factor(20) == pytest.approx(0.0, abs=1e-12)
    falling = [factor(step) for step in range(4, 21)]
    assert falling == sorted(falling, reverse=True)


@pytest.mark.parametrize("warmup", [0.0, 1e-6])
def test_without_warm_up_the_first_step_is_full(warmup):
    assert warmup_cosine(steps=10, warmup=warmup)(0) == 1.0


def test_a_single_step_learns():
    assert warmup_cosine(steps=1, warmup=0.05)(0) == 1.0


def test_warm_up_over_all_steps():
    factor = warmup_cosine(steps=4, warmup=1.0)
    assert [factor(step) for step in range(4)] == pytest.approx([0.25, 0.5, 0.75, 1.0])
