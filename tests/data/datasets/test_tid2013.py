from collections.abc import Callable
from pathlib import Path

import pytest

from ksiqa.data.datasets import tid2013
from ksiqa.data.facts import Facts
from ksiqa.data.table import LabelTable
from ksiqa.errors import DatasetError
from tests.data.datasets.base import DatasetChecks
from tests.fake_iqa import write_tid2013


class TestChecks(DatasetChecks):
    module = tid2013
    contents = 25
    extremes = (0.24, 7.22)
    first_image = "distorted_images/I01_01_1.bmp"

    @pytest.mark.parametrize("on_disk", [str.lower, str.upper])
    def test_names_in_another_case(self, tmp_path: Path, on_disk: Callable[[str], str]) -> None:
        facts = write_tid2013(tmp_path, on_disk=on_disk)
        table = tid2013.read(tmp_path, facts=facts)
        names = {Path(path).name for column in ("image", "reference") for path in table.frame[column]}
        assert names == {on_disk(name) for name in names}
        assert table.contents[0] == "i01"

    def test_two_files_that_differ_by_case(self, tmp_path: Path) -> None:
        facts = write_tid2013(tmp_path, on_disk=str.lower)
        first = tmp_path / "distorted_images/i01_01_1.bmp"  # I01_01_1.bmp in the label file
        first.with_name("I01_01_1.BMP").write_bytes(first.read_bytes())
        with pytest.raises(
            DatasetError, match=r"I01_01_1.BMP and i01_01_1.bmp in .*\nexpected: one file for I01_01_1.bmp"
        ):
            tid2013.read(tmp_path, facts=facts)

    def test_odd_name(self, tiny: tuple[Path, Facts]) -> None:
        path = tiny[0] / "mos_with_names.txt"
        path.write_text(path.read_text().replace("i01_01_2.bmp", "i01-01-2.bmp"))
        with pytest.raises(DatasetError, match=r"mos_with_names.txt, row 2: the image name 'i01-01-2.bmp'"):
            tid2013.read(tiny[0], facts=tiny[1])

    def test_row_of_another_form(self, tiny: tuple[Path, Facts]) -> None:
        path = tiny[0] / "mos_with_names.txt"
        path.write_text("5.5\n" + path.read_text())
        with pytest.raises(DatasetError, match=r"row 1: '5.5'\nexpected: 2 words: raw name"):
            tid2013.read(tiny[0], facts=tiny[1])

    def test_spread(self, tiny: tuple[Path, Facts], table: LabelTable) -> None:
        assert (table.frame["spread"] == 0.13013).all()
        (tiny[0] / "mos_std.txt").unlink()
        assert tid2013.read(tiny[0], facts=tiny[1]).frame["spread"].isna().all()
