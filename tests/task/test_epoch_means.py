"""Means of an epoch's figures, against numpy."""

import numpy as np
import pytest
import torch

from ksiqa.task.epoch_means import EpochMeans
from tests.data.conftest import process


def test_means_are_over_images_of_the_steps_that_have_the_figure():
    rng = np.random.default_rng(0)
    loss, images = rng.random(7), rng.integers(1, 9, 7)
    means = EpochMeans()
    for step in range(7):
        figures = {"loss": torch.tensor(loss[step])} | ({"mse": torch.tensor(2.0)} if step == 3 else {})
        means.add(figures, images=int(images[step]))
    assert means.means() == {"loss": pytest.approx(np.average(loss, weights=images)), "mse": 2.0}
    means.forget()
    assert means.means() == {}


def test_sums_go_on_from_a_checkpoint_bit_by_bit(tmp_path):
    values = torch.rand(20)
    whole, first, second = EpochMeans(), EpochMeans(), EpochMeans()
    for number, value in enumerate(values):
        whole.add({"loss": value}, images=3)
        if number < 11:
            first.add({"loss": value}, images=3)
    torch.save(first.totals(), tmp_path / "totals")
    second.go_on(torch.load(tmp_path / "totals", weights_only=True))
    for value in values[11:]:
        second.add({"loss": value}, images=3)
    assert second.means() == whole.means()


@pytest.mark.parametrize(("processes", "sums"), [(2, [2.0, 3.0]), (3, [2.5, None, None]), (1, [2.5])])
def test_each_process_goes_on_with_its_own_and_the_first_with_all_where_their_number_changed(processes, sums):
    totals = [{"loss": [4.0, 2.0]}, {"loss": [6.0, 2.0]}]
    for rank, expected in enumerate(sums):
        means = EpochMeans()
        with process(rank, of=processes):
            means.go_on(totals)
        assert means.means().get("loss") == expected
