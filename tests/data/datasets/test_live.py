from dataclasses import replace
from pathlib import Path

import pytest
from scipy.io import loadmat, savemat

from ksiqa.data.datasets import live
from ksiqa.data.facts import Facts
from ksiqa.data.table import LabelTable
from ksiqa.errors import DatasetError
from tests.data.datasets.base import DatasetChecks
from tests.fake_iqa import write_live


class TestChecks(DatasetChecks):
    module = live
    contents = 29
    extremes = (-2.65, 111.78)
    first_image = "jp2k/img2.bmp"

    def test_originals_are_left_out(self, table: LabelTable) -> None:
        assert len(table) == 50
        assert not any(Path(image).name == "img3.bmp" for image in table.frame["image"])
        assert table.frame["raw"].min() > 0

    def test_turned_round(self, tiny: tuple[Path, Facts]) -> None:
        labels = loadmat(tiny[0] / "dmos_realigned.mat")
        labels["dmos_new"] = 100 - labels["dmos_new"]
        savemat(tiny[0] / "dmos_realigned.mat", {name: labels[name] for name in ("dmos_new", "dmos_std", "orgs")})
        with pytest.raises(DatasetError, match=r"mean DMOS 100 of originals"):
            live.read(tiny[0], facts=tiny[1])

    def test_lengths_that_differ(self, tiny: tuple[Path, Facts]) -> None:
        with pytest.raises(DatasetError, match=r"55 of raw, .* 982 of images in jp2k"):
            live.read(tiny[0], allow_missing=True)

    def test_missing_variable(self, tiny: tuple[Path, Facts]) -> None:
        savemat(tiny[0] / "refnames_all.mat", {"names": [1.0]})
        with pytest.raises(DatasetError, match=r"without the variable refnames_all; it has names"):
            live.read(tiny[0], facts=tiny[1])

    def test_whole_label_file_with_few_images(self, tmp_path: Path) -> None:
        write_live(tmp_path, counts=dict(live.FACTS.folders), images=6)
        facts = replace(live.FACTS, references=5, rows=982 - 5)
        table = live.read(tmp_path, facts=facts, allow_missing=True)
        assert (len(table), table.missing) == (25, 952)
