import subprocess
import sys
from pathlib import Path

import pytest
from scipy.io import savemat

from ksiqa.data.datasets import livec
from ksiqa.data.facts import Facts
from ksiqa.data.image_file import read_image
from ksiqa.data.table import LabelTable
from ksiqa.errors import DatasetError
from tests.data.datasets.base import DatasetChecks


class TestChecks(DatasetChecks):
    module = livec
    contents = 1162
    extremes = (3.42, 92.44)
    first_image = "Images/100.bmp"

    def test_practice_images_are_left_out(self, tiny: tuple[Path, Facts], table: LabelTable) -> None:
        practice = [f"t{number}.bmp" for number in range(1, 8)]
        assert not set(practice) & set(table.contents)
        assert all(Path(image).parent.name == "Images" for image in table.frame["image"])

    def test_lengths_that_differ(self, tiny: tuple[Path, Facts]) -> None:
        savemat(tiny[0] / "Data/AllMOS_release.mat", {"AllMOS_release": [[50.0] * 30]})
        with pytest.raises(DatasetError, match=r"31 of content, 30 of raw, 31 of spread"):
            livec.read(tiny[0], facts=tiny[1])

    def test_broken_label_file(self, tiny: tuple[Path, Facts]) -> None:
        path = tiny[0] / "Data/AllMOS_release.mat"
        path.write_bytes(path.read_bytes()[:150])
        with pytest.raises(DatasetError, match=r"AllMOS_release.mat: .*\nexpected: a MATLAB file"):
            livec.read(tiny[0], facts=tiny[1])

    @pytest.mark.real_data
    def test_real_images(self, shared: Path, tmp_path: Path) -> None:
        """Laid out by the data's own script; every 29th image is opened."""
        script = [sys.executable, str(shared / "datasets/livec/unpack.py"), str(tmp_path)]
        subprocess.run(script, check=True, capture_output=True)
        table = livec.read(tmp_path)
        shapes = {read_image(Path(path)).shape for path in table.frame["image"][::29]}
        assert (500, 500, 3) in shapes
        assert shapes <= {(500, 500, 3), (640, 960, 3), (960, 640, 3), (608, 608, 3)}
