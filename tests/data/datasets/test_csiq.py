from pathlib import Path

import numpy as np
import openpyxl
import pytest

from ksiqa.data.datasets import csiq
from ksiqa.data.facts import Facts
from ksiqa.data.table import LabelTable
from ksiqa.errors import DatasetError
from tests.data.datasets.base import DatasetChecks
from tests.data.real_labels import lay_out, names_in
from tests.fake_iqa import write_csiq


class TestChecks(DatasetChecks):
    module = csiq
    contents = 30
    extremes = (0.0, 1.0)
    first_image = "dst_imgs/awgn/1600.AWGN.1.png"

    def test_workbook_and_list_agree_in_rows_and_order(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        facts = write_csiq(tmp_path / "a", text=False, workbook="csiq.beta.xlsx")
        write_csiq(tmp_path / "b", workbook=None)
        of_workbook, of_list = (csiq.read(tmp_path / name, facts=facts).frame for name in "ab")
        names = names_in(tmp_path / "b/csiq_label.txt", 0, None)
        for frame in (of_workbook, of_list):
            assert [Path(path).name for path in frame["image"]] == names
        np.testing.assert_allclose(of_workbook["raw"], of_list["raw"], atol=1e-6)
        assert list(of_workbook["distortion"].unique()) == ["awgn", "jpeg", "jpeg2000", "fnoise", "blur", "contrast"]
        assert of_workbook["spread"].notna().all()
        assert of_list["spread"].isna().all()

    def test_number_as_a_name(self, table: LabelTable) -> None:
        assert Path(table.frame["image"].iloc[0]).name == "1600.AWGN.1.png"
        assert table.contents[0] == "1600"

    def test_unknown_distortion(self, tiny: tuple[Path, Facts]) -> None:
        path = tiny[0] / "csiq.DMOS.xlsx"
        book = openpyxl.load_workbook(path)
        book["all_by_image"].cell(7, 6, "rain")
        book.save(path)
        with pytest.raises(DatasetError, match="row 3 below the header: dst_type 'rain'"):
            csiq.read(tiny[0], facts=tiny[1])

    def test_no_header(self, tiny: tuple[Path, Facts]) -> None:
        path = tiny[0] / "csiq.DMOS.xlsx"
        book = openpyxl.load_workbook(path)
        book["all_by_image"].cell(4, 9, "mos")
        book.save(path)
        with pytest.raises(DatasetError, match="sheets z_crit, all_by_image, no row of columns image"):
            csiq.read(tiny[0], facts=tiny[1])

    def test_broken_workbook(self, tiny: tuple[Path, Facts]) -> None:
        (tiny[0] / "csiq.DMOS.xlsx").write_text("text")
        with pytest.raises(DatasetError, match=r"csiq.DMOS.xlsx: .*\nexpected: an .xlsx workbook"):
            csiq.read(tiny[0], facts=tiny[1])

    @pytest.mark.real_data
    def test_real_workbook_is_in_the_order_of_the_list(self, shared: Path, tmp_path: Path) -> None:
        root = lay_out("csiq", shared, tmp_path)
        of_workbook = csiq.read(root).frame
        (root / "csiq.beta.xlsx").unlink()
        of_list = csiq.read(root).frame
        assert list(of_workbook["image"]) == list(of_list["image"])
        assert list(of_list["image"].map(lambda path: Path(path).name)) == names_in(root / "csiq_label.txt", 0, None)
        np.testing.assert_allclose(of_workbook["raw"], of_list["raw"], atol=1e-6)
