"""experiments/livec at miniature size: what it runs, what it keeps, what it makes of that."""

import csv
import sys
from pathlib import Path

import pytest

from tests.fake_iqa import write_livec

ROOT = Path(__file__).parents[1]
TINY = [
    *("backbone=tiny", "trainer.max_epochs=1", "model.width=32", "model.heads=4", "model.imagery_depth=1"),
    *("model.decoder_depth=1", "model.levels=8", "data.crop=32", "data.batch_size=8", "data.keep_in_memory=false"),
]
ON_PAIRS = ["pairs.crop=32", "pairs.families=[jpeg,gaussian_blur]", "pairs.levels=[1,5]", "pairs.batch_size=4"]


@pytest.fixture(scope="module")
def livec(tmp_path_factory):
    folder = tmp_path_factory.mktemp("livec")
    write_livec(folder, rows=20)
    return folder


@pytest.fixture(scope="module")
def measure():
    sys.path.insert(0, str(ROOT / "experiments" / "livec"))
    import measure

    return measure


def test_rows(measure, livec, pristine, tmp_path, capsys):
    home = tmp_path / "kept"
    told = ["--livec", livec, "--pairs", pristine, "--vit", "random", "--cnn", "random", "--home", home]
    told += ["--runs", tmp_path / "runs", "--strategy", "cpu"]
    arguments = [*map(str, told), "--splits", "0", "--variants", "plain", "plain_again"]
    assert measure.main([*arguments, "--also", *TINY]) == 0
    print(capsys.readouterr().out)
    print((home / "results.csv").read_text())
    print((home / "predictions" / "plain.csv").read_text())
    assert 0
