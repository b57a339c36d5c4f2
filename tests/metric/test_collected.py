from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, distributed, multiprocessing

from ksiqa.errors import KsiqaError
from ksiqa.metric.collected import CollectedScores


def batch(*rows: int) -> tuple[Tensor, Tensor, Tensor]:
    row = torch.tensor(rows)
    return row, row / 8, row / 16  # exact in float32


def test_rows_come_sorted_in_float64() -> None:
    metric = CollectedScores()
    metric.update(*batch(3, 0, 7))
    metric.update(*batch(5))
    found = metric.compute()
    np.testing.assert_array_equal(found.row, [0, 3, 5, 7])
    np.testing.assert_array_equal(found.score, np.array([0, 3, 5, 7]) / 8)
    np.testing.assert_array_equal(found.label, np.array([0, 3, 5, 7]) / 16)
    np.testing.assert_array_equal(found.doubt, [1, 1, 1, 1])
    assert (found.row.dtype, found.score.dtype, found.label.dtype) == (np.int64, np.float64, np.float64)


def test_a_repeated_row_counts_once() -> None:
    metric = CollectedScores()
    metric.update(*batch(0, 1, 2))
    row, score, label = batch(2, 0)
    metric.update(row, score + 5e-5, label, torch.tensor([0.5, 0.5]))
    found = metric.compute()
    np.testing.assert_array_equal(found.doubt, [1, 1, 1])
    np.testing.assert_array_equal(found.row, [0, 1, 2])
    np.testing.assert_array_equal(found.score, [0, 1 / 8, 2 / 8])


@pytest.mark.parametrize("which", ["scores", "labels"])
def test_a_row_with_two_values(which: str) -> None:
    metric = CollectedScores()
    metric.update(*batch(0, 4))
    row, score, label = batch(4)
    metric.update(row, score + 0.25 * (which == "scores"), label + 0.25 * (which == "labels"))
    values = "0.5 and 0.75" if which == "scores" else "0.25 and 0.5"
    with pytest.raises(KsiqaError, match=f"row 4 twice, with {which} {values}\nexpected: one value a row"):
        metric.compute()


def test_reset_forgets() -> None:
    metric = CollectedScores()
    metric.update(*batch(0, 1))
    metric.compute()
    metric.reset()
    metric.update(*batch(2, 3))
    np.testing.assert_array_equal(metric.compute().row, [2, 3])


def test_half_precision_and_graphs_are_left_behind() -> None:
    metric = CollectedScores()
    metric.update(torch.tensor([0]), torch.tensor([0.5], dtype=torch.bfloat16), torch.tensor([0.5]))
    metric.update(torch.tensor([1]), torch.tensor([0.25], requires_grad=True), torch.tensor([0.5]))
    np.testing.assert_array_equal(metric.compute().score, [0.5, 0.25])
    assert not any(kept.requires_grad for kept in metric.score)


def test_nothing_collected() -> None:
    metric = CollectedScores()
    with (
        pytest.warns(UserWarning, match="before the ``update``"),  # torchmetrics says it first
        pytest.raises(KsiqaError, match="found: no scored images\nexpected: at least one batch"),
    ):
        metric.compute()


def gather(rank: int, folder: Path) -> None:
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    uneven = CollectedScores()
    if rank == 0:
        uneven.update(*batch(0, 2))
        uneven.update(*batch(4), torch.tensor([0.25]))
    else:
        uneven.update(*batch(1, 3))
        uneven.update(*batch(0))  # what a distributed sampler does to fill the last batch
    np.savetxt(folder / f"uneven{rank}", uneven.compute())
    one_idle = CollectedScores()
    if rank == 0:
        one_idle.update(*batch(1, 0))
    np.savetxt(folder / f"one_idle{rank}", one_idle.compute())
    empty = CollectedScores()
    empty.update(*(values[:0] for values in batch(0)))  # a teacher, and images without references
    np.savetxt(folder / f"empty{rank}", [len(empty.compute().row)])
    distributed.destroy_process_group()


def test_two_processes_see_the_whole(tmp_path: Path) -> None:
    multiprocessing.spawn(gather, args=(tmp_path,), nprocs=2)
    for name, rows in (("uneven", np.arange(5)), ("one_idle", np.arange(2))):
        for rank in (0, 1):
            found = np.loadtxt(tmp_path / f"{name}{rank}")
            doubt = np.where(rows == 4, 0.25, 1)
            np.testing.assert_array_equal(found, [rows, rows / 8, rows / 16, doubt])
    assert [np.loadtxt(tmp_path / f"empty{rank}").item() for rank in (0, 1)] == [0, 0]
