"""Labels as configs name them."""

from ksiqa.data.labels import table_labels
from tests.tiny import write_table


def test_images_are_found_from_another_directory(tmp_path, monkeypatch):
    """Whatever the directory in which the root was typed."""
    write_table(tmp_path / "set", contents=4)
    told = {"image": "image", "score": "score", "reference": None, "content": None, "low": 1, "high": 5}
    told |= {"higher_is_better": True, "label": "MOS", "allow_missing": False}
    monkeypatch.chdir(tmp_path)
    found = [
        table_labels(file=f"set/{name}", root=root, **told)
        for name, root in (("scores.csv", None), ("scores.csv", "set"))
    ]
    for one in found:
        assert one.frame["image"][0] == str(tmp_path / "set" / "0_0.png")
