"""The processes that read images change nothing of what is trained."""

import pytest

from tests.runs import same_run, table_overrides, train

WORKERS = (0, 1, 3)


@pytest.fixture(scope="module")
def data(pairs, pristine):
    synthetic = ["data=folder", f"data.root={pristine}", "data.families=[gaussian_blur,jpeg,white_noise]"]
    made = ["data.levels=[1,3,5]", "data.size=[64,64]", "split.test_share=0.2"]
    return {"files": table_overrides(pairs), "pairs made on the fly": [*synthetic, *made]}


@pytest.mark.parametrize("name", [pytest.param("files", marks=pytest.mark.long), "pairs made on the fly"])
@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # three, where there are fewer cores
def test_the_same_seed_gives_the_same_run_whatever_reads_the_images(name, data, tmp_path):
    """Weights, metrics, predictions and figures, bit by bit; the second epoch is read by workers that stay."""
    for workers in WORKERS:
        more = ("sharing=joint", "trainer.max_epochs=2", f"data.workers={workers}")
        train(tmp_path / str(workers), *data[name], *more)
    for workers in WORKERS[1:]:
        same_run(tmp_path / str(workers), tmp_path / "0")
