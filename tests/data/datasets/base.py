"""The checks that every dataset passes, on a tiny copy of it and, where it is present, on its real labels."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ksiqa.data.facts import Facts
from ksiqa.data.image_file import read_image
from ksiqa.data.split import Split, make_split, write_split
from ksiqa.data.table import COLUMNS, LabelTable
from ksiqa.errors import DatasetError
from tests.data.real_labels import lay_out
from tests.fake_iqa import WRITERS

SHARES = {"seed": 3, "test_share": 0.2, "validation_share": 0.2, "train_share": 1.0, "train_only": ()}


class DatasetChecks:
    """Subclass it in a set's own test file and fill in what is known of the real labels."""

    module: ModuleType
    contents: int  # of the real label file
    extremes: tuple[float, float]  # raw labels of the real file, rounded down and up to hundredths
    first_image: str  # of the real label file, relative to the image folder or the archive

    @pytest.fixture
    def tiny(self, tmp_path: Path) -> tuple[Path, Facts]:
        folder = tmp_path / "archive" / "as released"
        folder.mkdir(parents=True)
        return folder, WRITERS[self.module.FACTS.name](folder)

    @pytest.fixture
    def table(self, tiny: tuple[Path, Facts]) -> LabelTable:
        return self.module.read(tiny[0], facts=tiny[1])

    def test_has_every_row_and_column(self, table: LabelTable) -> None:
        assert len(table) == table.facts.rows
        assert list(table.frame.columns) == list(COLUMNS)
        assert list(table.frame.index) == list(range(len(table)))
        assert (table.missing, table.missing_references, table.unlisted, table.kept) == (0, 0, 0, None)

    def test_parent_is_as_good_as_the_folder(self, tiny: tuple[Path, Facts], table: LabelTable) -> None:
        above = self.module.read(tiny[0].parent, facts=tiny[1])
        assert above.frame.equals(table.frame)

    def test_the_case_of_names_does_not_matter(self, tiny: tuple[Path, Facts], table: LabelTable) -> None:
        for path in sorted(tiny[0].rglob("*"), reverse=True):  # what is in a folder before it
            path.rename(path.with_name(path.name.swapcase()))
        other = self.module.read(tiny[0], facts=tiny[1])
        columns = ["content", "raw", "part", "distortion", "level"]
        assert other.frame[columns].equals(table.frame[columns])
        assert all(Path(image).is_file() for image in other.files)

    def test_noise_falls_as_the_score_rises(self, table: LabelTable) -> None:
        """The direction, on pixels."""
        images = [read_image(Path(path)).astype(float) for path in table.frame["image"]]
        noise = [np.abs(np.diff(image, n=2, axis=1)).mean() for image in images]
        assert np.corrcoef(noise, table.scores)[0, 1] < -0.8

    def test_score_and_raw_are_inverses(self, table: LabelTable) -> None:
        assert table.scores.min() >= 0
        assert table.scores.max() <= 1
        np.testing.assert_allclose(table.facts.to_raw(table.scores), table.frame["raw"], atol=1e-9)

    def test_references_are_there_or_none(self, table: LabelTable) -> None:
        references = list(table.frame["reference"])
        if table.facts.references is None:
            assert references == [None] * len(table)
        else:
            assert len(set(references)) == len(set(table.contents)) == table.facts.references
            assert all(read_image(Path(path)).shape == (48, 64, 3) for path in set(references))

    @pytest.mark.parametrize("source", ["random", "folds"])
    def test_splits(self, table: LabelTable, source: str) -> None:
        splits = [make_split(table, source=source, index=index, folder=None, **SHARES) for index in range(10)]
        assert len({split.test for split in splits}) > 1
        for split in splits:
            assert_sound(table, split)

    def test_missing_image(self, tiny: tuple[Path, Facts], table: LabelTable) -> None:
        lost = Path(table.frame["image"].iloc[1])
        lost.unlink()
        with pytest.raises(DatasetError, match=f"1 images of {len(table)} are missing, first .*{lost.name}"):
            self.module.read(tiny[0], facts=tiny[1])
        partial = self.module.read(tiny[0], facts=tiny[1], allow_missing=True)
        assert (len(partial), partial.missing) == (len(table) - 1, 1)
        assert partial.kept == (0, *range(2, len(table)))
        assert str(lost) not in set(partial.frame["image"])

    def test_missing_reference(self, tiny: tuple[Path, Facts], table: LabelTable) -> None:
        if table.facts.references is None:
            return
        lost = table.frame["reference"].iloc[0]
        Path(lost).unlink()
        with pytest.raises(DatasetError, match=f"1 references of {table.facts.references} are missing"):
            self.module.read(tiny[0], facts=tiny[1])
        partial = self.module.read(tiny[0], facts=tiny[1], allow_missing=True)
        rows = table.frame["reference"] == lost
        assert (len(partial), partial.missing_references) == (len(table), rows.sum())
        assert list(partial.frame.loc[rows, "reference"]) == [None] * int(rows.sum())
        assert partial.contents == table.contents

    def test_fewer_rows_than_the_release(self, tiny: tuple[Path, Facts]) -> None:
        official = self.module.FACTS
        facts = Facts(**{**vars(official), "folders": tiny[1].folders})
        with pytest.raises(DatasetError, match=f"rows\nexpected: {official.rows} rows") as error:
            self.module.read(tiny[0], facts=facts)
        assert "data.allow_missing=true" in error.value.do
        table = self.module.read(tiny[0], facts=facts, allow_missing=True)
        assert table.unlisted == official.rows - tiny[1].rows

    def test_not_found(self, tmp_path: Path) -> None:
        facts = self.module.FACTS
        (tmp_path / "something").mkdir()
        with pytest.raises(DatasetError) as error:
            self.module.read(tmp_path)
        assert f"looked in {tmp_path}, {tmp_path / 'something'}" in error.value.found
        assert facts.layout in error.value.expected
        assert facts.home_page in error.value.do
        with pytest.raises(DatasetError, match="which is no folder"):
            self.module.read(tmp_path / "nowhere")

    @pytest.mark.real_data
    def test_real_labels(self, shared: Path, tmp_path: Path) -> None:
        root = lay_out(self.module.FACTS.name, shared, tmp_path)
        table = self.module.read(root)
        assert (len(table), len(set(table.contents))) == (self.module.FACTS.rows, self.contents)
        raw = table.frame["raw"]
        assert (np.floor(raw.min() * 100) / 100, np.ceil(raw.max() * 100) / 100) == pytest.approx(self.extremes)
        assert Path(table.frame["image"].iloc[0]).relative_to(root).as_posix() == self.first_image
        arrays = shared / "datasets/labels/splits/arniqa"
        for source in ("random", "folds", "arniqa"):
            splits = [make_split(table, source=source, index=index, folder=arrays, **SHARES) for index in range(10)]
            assert len({split.test for split in splits}) == 10
            for split in splits:
                assert_sound(table, split)
        write_split(splits[0], table, tmp_path / "split")
        again = make_split(table, source="files", index=0, folder=tmp_path / "split", **SHARES)
        assert_sound(table, again)
        assert again.test == splits[0].test


def assert_sound(table: LabelTable, split: Split) -> None:
    """The rules of a split, told apart from the code that checks them."""
    parts = [split.train, split.validation, split.test]
    assert sorted(row for part in parts for row in part) == list(range(len(table)))
    contents = [set(table.frame["content"].iloc[list(part)]) for part in parts]
    assert sum(map(len, contents)) == len(set.union(*contents)) == table.frame["content"].nunique()
    assert all(parts)
