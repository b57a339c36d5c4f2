"""The command that looks a dataset over."""

import pytest
from PIL import Image

from ksiqa import prepare
from tests.fake_iqa import WRITERS


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def _prepared(name, folder, capsys):
    """Run the command and return its exit status, what it printed, and its picture."""
    try:
        prepare.main([f"data={name}", f"data.root={folder}", "data.allow_missing=true", "hydra.run.dir=out"])
        status = 0
    except SystemExit as error:
        status = error.code
    return status, capsys.readouterr().out, folder.parent / "out" / "contact_sheet.png"


def test_a_sound_set(tmp_path, capsys):
    WRITERS["kadid10k"](tmp_path / "set")
    status, text, sheet = _prepared("kadid10k", tmp_path / "set", capsys)
    assert status == 0
    for part in (
        "title: KADID-10k",
        "label: DMOS from 1 to 5, higher is better",
        "home page: http",
        "licence: ",
        "citat",
    ):
        assert part in text, text
    rows = len((tmp_path / "set" / "dmos.csv").read_text().splitlines()) - 1
    assert f"\nrows: {rows}\n" in text
    assert f"{rows} of {rows} rows can be read" in text
    with Image.open(sheet) as picture:
        assert picture.size[0] > 1000
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 1000  # photographs, no empty page


def test_every_image_that_cannot_be_read_has_its_line(tmp_path, capsys):
    WRITERS["kadid10k"](tmp_path / "set")
    names = [line.split(",")[0] for line in (tmp_path / "set" / "dmos.csv").read_text().splitlines()[1:]]
    for name in (names[0], names[4]):
        (file,) = (tmp_path / "set").rglob(name)
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    status, text, sheet = _prepared("kadid10k", tmp_path / "set", capsys)
    assert status == 1
    lines = [line for line in text.splitlines() if line.startswith("row ")]
    assert [line.partition(":")[0] for line in lines] == ["row 0", "row 4"]
    assert all(name in line for name, line in zip((names[0], names[4]), lines, strict=True))
    assert f"{len(names) - 2} of {len(names)} rows can be read" in text
    assert sheet.is_file()
