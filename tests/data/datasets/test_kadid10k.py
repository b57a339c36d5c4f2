from pathlib import Path

import pandas as pd
import pytest

from ksiqa.data.datasets import kadid10k
from ksiqa.data.facts import Facts
from ksiqa.errors import DatasetError
from tests.data.datasets.base import DatasetChecks


class TestChecks(DatasetChecks):
    module = kadid10k
    contents = 81
    extremes = (1.0, 4.93)
    first_image = "images/I01_01_01.png"

    def test_turned_round(self, tiny: tuple[Path, Facts]) -> None:
        path = tiny[0] / "dmos.csv"
        labels = pd.read_csv(path)
        labels["dmos"] = 6 - labels["dmos"]
        labels.to_csv(path, index=False)
        with pytest.raises(DatasetError, match="scores fall with falling levels of distortion") as error:
            kadid10k.read(tiny[0], facts=tiny[1])
        assert error.value.expected == "a DMOS of which higher is better"

    def test_a_reference_too_few(self, tiny: tuple[Path, Facts]) -> None:
        path = tiny[0] / "dmos.csv"
        path.write_text(path.read_text().replace(",I05.png,", ",I04.png,"))
        with pytest.raises(DatasetError, match="rows of 4 references\nexpected: 5 references"):
            kadid10k.read(tiny[0], facts=tiny[1])
