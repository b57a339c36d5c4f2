from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ksiqa.data.datasets import koniq10k
from ksiqa.data.facts import Facts
from ksiqa.data.split import official_split
from ksiqa.data.table import LabelTable
from ksiqa.errors import DatasetError, SplitError
from tests.data.datasets.base import DatasetChecks, assert_sound
from tests.data.real_labels import lay_out
from tests.fake_iqa import write_koniq10k


class TestChecks(DatasetChecks):
    module = koniq10k
    contents = 10073
    extremes = (3.91, 88.39)
    first_image = "512x384/10004473376.jpg"

    def test_both_label_files_say_the_same(self, tiny: tuple[Path, Facts], table: LabelTable) -> None:
        (tiny[0] / koniq10k.WITH_SETS).unlink()
        other = koniq10k.read(tiny[0], facts=tiny[1])
        np.testing.assert_allclose(other.frame["raw"], table.frame["raw"], atol=1e-6)
        assert list(other.frame["part"]) == [None] * len(other)
        with pytest.raises(SplitError, match="whose label file names no parts"):
            official_split(other)

    def test_official_split(self, table: LabelTable) -> None:
        split = official_split(table)
        assert (len(split.train), len(split.validation), len(split.test)) == (16, 4, 4)

    def test_larger_images_come_first(self, tmp_path: Path) -> None:
        facts = write_koniq10k(tmp_path, rows=6, sizes=("512x384", "1024x768"))
        assert Path(koniq10k.read(tmp_path, facts=facts).frame["image"].iloc[0]).parent.name == "1024x768"

    def test_unknown_part(self, tiny: tuple[Path, Facts]) -> None:
        path = tiny[0] / koniq10k.WITH_SETS
        path.write_text(path.read_text().replace("validation", "dev"))
        with pytest.raises(DatasetError, match="row 5: set 'dev'\nexpected: one of training, validation, test"):
            koniq10k.read(tiny[0], facts=tiny[1])

    def test_turned_round(self, tiny: tuple[Path, Facts]) -> None:
        path = tiny[0] / koniq10k.WITH_SETS
        labels = pd.read_csv(path)
        labels["MOS"] = 100 - labels["MOS"]
        labels.to_csv(path, index=False)
        with pytest.raises(DatasetError, match="scores fall with the file's other ratings"):
            koniq10k.read(tiny[0], facts=tiny[1])

    @pytest.mark.real_data
    def test_real_forms(self, shared: Path, tmp_path: Path) -> None:
        root = lay_out("koniq10k", shared, tmp_path)
        with_sets = koniq10k.read(root)
        split = official_split(with_sets)
        assert (len(split.train), len(split.validation), len(split.test)) == (7058, 1000, 2015)
        assert_sound(with_sets, split)
        (root / koniq10k.WITH_SETS).unlink()
        with_counts = koniq10k.read(root)
        np.testing.assert_allclose(with_counts.scores, with_sets.scores, atol=1e-6)
        assert list(with_counts.frame["image"]) == list(with_sets.frame["image"])
