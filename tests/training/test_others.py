"""Tests on the whole of other sets."""

from tests.fake_iqa import WRITERS
from tests.fake_iqa.live import write_live_labels
from tests.runs import evaluated, train

TOLD = "tid2013 distorts photographs that were trained on in another set: its figures test no other photographs"


def test_a_set_of_the_same_photographs_is_marked(tmp_path, capsys):
    write_live_labels(tmp_path / "live")
    for name in ("tid2013", "csiq"):
        WRITERS[name](tmp_path / name)
    others = [f"+data@others.{name}={name}" for name in ("tid2013", "csiq")]
    places = [f"others.{name}.root={tmp_path / name}" for name in ("tid2013", "csiq")]
    partial = [f"others.{name}.allow_missing=true" for name in ("tid2013", "csiq")]
    data = ["data=live", f"data.root={tmp_path / 'live'}", "data.allow_missing=true", "split.validation_share=0"]
    results = train(tmp_path / "run", *data, *others, *places, *partial, "+trainer.limit_train_batches=1")
    assert {key: results[key] for key in results if "same_photographs" in key} == {
        "cross/tid2013/same_photographs": True
    }
    assert capsys.readouterr().out.count(TOLD) == 1
    for name in ("tid2013", "csiq"):
        given = [f"data={name}", f"data.root={tmp_path / name}", "data.allow_missing=true", "data.workers=0"]
        found = evaluated(tmp_path / f"on {name}", tmp_path / "run" / "model", *given, "split.source=test_on_all")
        assert found.get("same_photographs") == (True if name == "tid2013" else None)
        assert (TOLD in capsys.readouterr().out) == (name == "tid2013")
