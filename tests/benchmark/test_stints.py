import pytest
import torch

from ksiqa.benchmark.results import printed, rows_of
from ksiqa.benchmark.stints import Contestant, ratio, take_turns, timed


def _contestant(name="student", *, taken=(), batch=4, mode="eager", flops=None, step=0.1):
    """One whose every step takes the same time."""
    made = Contestant(name=name, work="training", mode=mode, batch=batch, stint=lambda steps: steps * step, flops=flops)
    made.seconds = dict(enumerate(taken))
    return made


def test_images_a_second_are_of_the_median_round():
    assert _contestant(taken=(0.1, 9.0, 0.2)).images_per_second == pytest.approx(4 / 0.2)


def test_a_ratio_is_the_median_over_rounds_that_both_took_part_in():
    """Where the machine is busy, both are slow: what each does by itself over the rounds does not matter."""
    one, other = _contestant(taken=(0.1, 0.4, 0.2)), _contestant(taken=(0.2, 0.8, 0.4, 5.0), batch=8)
    assert ratio(one, other) == pytest.approx(4 / 8 * 2)
    assert ratio(other, one) == pytest.approx(8 / 4 / 2)


def test_what_is_slow_takes_part_less_often_but_once_at_least():
    quick, slow, slowest = _contestant(step=0.01), _contestant(step=2.0), _contestant(step=60.0)
    take_turns([quick, slow, slowest], rounds=5, seconds=6.0, device=torch.device("cpu"))
    assert [sorted(one.seconds) for one in (quick, slow, slowest)] == [[0, 1, 2, 3, 4], [0, 1, 2], [0]]
    assert [one.steps for one in (quick, slow, slowest)] == [60, 1, 1]
    assert quick.seconds[3] == pytest.approx(0.01)
    assert slowest.seconds == {0: 60.0}


def test_rows_hold_each_beside_the_trunk_of_its_mode_and_batch():
    trunk = [_contestant("bare trunk", taken=(0.2,)), _contestant("bare trunk", taken=(0.1,), mode="compile")]
    own = [
        *(_contestant(taken=(0.4,), flops=4 * 10**9, mode=mode) for mode in ("eager", "compile", "onnx")),
        _contestant(taken=(0.4,), batch=8),
    ]
    found = [row for row in rows_of([*trunk, *own], ceiling=1e11) if row["name"] == "student"]
    assert [row["to_trunk"] for row in found] == [pytest.approx(0.5), pytest.approx(0.25), pytest.approx(0.5), None]
    assert found[0]["of_ceiling"] == pytest.approx(4e9 / 0.4 / 1e11)
    assert found[0]["flops_an_image"] == 10**9
    assert found[3]["of_ceiling"] is None


def test_memory_has_a_column_where_it_is_known():
    made = [_contestant("bare trunk", taken=(0.2,)), _contestant(taken=(0.2,))]
    setting = {"backbone": "tiny", "precision": "32-true"}
    for memory, columns in ((None, []), (3 * 2**20, ["MiB"])):
        made[1].memory = memory
        table = printed({"setting": setting, "rows": rows_of(made, ceiling=1e11)}, "training")
        assert [one.header for one in table.columns][7:] == columns
    assert list(table.columns[7].cells) == ["–", "3"]


def test_a_stint_does_so_many_steps():
    done = []
    assert timed(lambda: done.append(1), device=torch.device("cpu"))(3) > 0
    assert len(done) == 3
